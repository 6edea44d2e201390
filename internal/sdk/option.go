package sdk

// Options applies options to a zero value of the struct that they are written for,
// which has no public name. The method expression of the option's interface, for
// instance restate.SendOption.BeforeSend, lets the compiler infer that type.
func Options[Struct, Option any](apply func(Option, *Struct), opts []Option) Struct {
	if len(opts) == 0 {
		var none Struct
		return none
	}
	o := new(Struct)
	for _, opt := range opts {
		apply(opt, o)
	}
	return *o
}
