package gen

import "go/types"

// mentions tells whether is returns true for t or for a type that is part of the
// expression of t. It stops at the first.
func mentions(t types.Type, is func(types.Type) bool) bool {
	anyOf := func(ts ...types.Type) bool {
		for _, t := range ts {
			if mentions(t, is) {
				return true
			}
		}
		return false
	}
	if t == nil {
		return false
	}
	if is(t) {
		return true
	}
	switch t := t.(type) {
	case *types.Alias:
		return anyArg(t.TypeArgs(), is)
	case *types.Named:
		return anyArg(t.TypeArgs(), is)
	case *types.Pointer:
		return anyOf(t.Elem())
	case *types.Slice:
		return anyOf(t.Elem())
	case *types.Array:
		return anyOf(t.Elem())
	case *types.Chan:
		return anyOf(t.Elem())
	case *types.Map:
		return anyOf(t.Key(), t.Elem())
	case *types.Signature:
		return anyOf(t.Params(), t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if anyOf(v.Type()) {
				return true
			}
		}
	case *types.Struct:
		for f := range t.Fields() {
			if anyOf(f.Type()) {
				return true
			}
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			if anyOf(m.Type()) {
				return true
			}
		}
		for e := range t.EmbeddedTypes() {
			if anyOf(e) {
				return true
			}
		}
	}
	return false
}

func anyArg(list *types.TypeList, is func(types.Type) bool) bool {
	for t := range list.Types() {
		if mentions(t, is) {
			return true
		}
	}
	return false
}
