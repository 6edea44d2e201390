// Package sdkoption reads options of the SDK, whose structs have no public names.
package sdkoption

// Collect applies options to a zero value of the struct that they are written
// for. The method expression of the option's interface, for instance
// restate.SendOption.BeforeSend, lets the compiler infer that type.
func Collect[Options, Option any](apply func(Option, *Options), opts []Option) Options {
	var o Options
	for _, opt := range opts {
		apply(opt, &o)
	}
	return o
}
