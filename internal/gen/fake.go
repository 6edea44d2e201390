package gen

import (
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"
)

// fakeNames has the names in the file of the fakes for a struct.
type fakeNames struct {
	Fake                                         string
	Client, Calls, Sends, Starts                 string
	Ingress, IngressCalls, IngressSends, Lookups string

	// The methods of the fake, which are named differently if a handler has such a name.
	MakeClient, MakeIngress, Replace, ReplaceIngress string
}

// fakeNamesFor returns the names for a struct. A service has no key, so its client makes
// the calls directly.
func fakeNamesFor(s *service) fakeNames {
	name := s.obj.Name()
	first, size := utf8.DecodeRuneInString(name)
	upper := "fake" + string(unicode.ToUpper(first)) + name[size:]
	f := fakeNames{
		Fake: name + "Fake", Client: upper + "Client", Calls: upper + "Calls", Sends: upper + "Sends", Starts: upper + "Starts",
		Ingress: upper + "Ingress", IngressCalls: upper + "IngressCalls", IngressSends: upper + "IngressSends", Lookups: upper + "IngressLookups",
	}
	if !s.kind.Keyed() {
		f.Calls, f.IngressCalls = f.Client, f.Ingress
	}
	taken := map[string]bool{}
	for _, m := range s.methods {
		taken[m.obj.Name()] = true
	}
	choose := func(name string) string {
		for taken[name] {
			name += "s"
		}
		return name
	}
	f.MakeClient, f.MakeIngress = choose("Client"), choose("Ingress")
	f.Replace, f.ReplaceIngress = choose("Replace"), choose("ReplaceIngress")
	return f
}

// all returns the names that are declared.
func (f fakeNames) all() []string {
	all := []string{f.Fake, f.Client, f.Calls, f.Sends, f.Starts, f.Ingress, f.IngressCalls, f.IngressSends, f.Lookups}
	slices.Sort(all)
	return slices.Compact(all)
}

// forFakes returns the names for the imports of the second file, which has further
// variables. It is called before n has imports.
func (n *names) forFakes() *names {
	of := newNames(n.self)
	maps.Copy(of.taken, n.taken)
	for _, name := range []string{"f", "out", "err"} {
		of.taken[name] = true
	}
	return of
}
