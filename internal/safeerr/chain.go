package safeerr

import "reflect"

// Chain calls visit for err and for the errors that it wraps, in the order of
// errors.Is, until visit returns true. It reports whether visit did.
func Chain(err error, visit func(error) bool) bool {
	w := walker{left: maxErrors, visit: visit}
	return w.walk(err, maxDepth)
}

// endless reports whether a chain has more errors than Chain visits, or an error whose
// Unwrap panics.
func endless(err error) bool {
	w := walker{left: maxErrors, visit: func(error) bool { return false }}
	w.walk(err, maxDepth)
	return w.cut
}

type walker struct {
	left  int
	cut   bool // the chain has more errors
	visit func(error) bool
}

func (w *walker) walk(err error, depth int) bool {
	for ; err != nil; depth-- {
		if w.left == 0 || depth == 0 {
			w.cut = true
			return false
		}
		w.left--
		if w.visit(err) {
			return true
		}
		many, one := w.unwrap(err)
		for _, e := range many {
			if w.walk(e, depth-1) {
				return true
			}
		}
		err = one
	}
	return false
}

// unwrap returns the errors that err wraps, or none if its method panics.
func (w *walker) unwrap(err error) (many []error, one error) {
	returned := false
	defer func() {
		if !returned {
			_ = recover()
			w.cut = true
		}
	}()
	switch e := err.(type) {
	case *standIn: // hides its chain from errors.Is, which may not survive it
		one = e.err
	case interface{ Unwrap() error }:
		one = e.Unwrap()
	case interface{ Unwrap() []error }:
		many = e.Unwrap()
	}
	returned = true
	return many, one
}

// Is is errors.Is for any error.
func Is(err, target error) bool {
	comparable := target != nil && reflect.TypeOf(target).Comparable()
	return Chain(err, func(e error) bool {
		return survives(func() bool {
			if comparable && e == target {
				return true
			}
			own, ok := e.(interface{ Is(error) bool })
			return ok && own.Is(target)
		})
	})
}

// As is errors.As for any error, with the target as its result.
func As[T any](err error) (found T, ok bool) {
	return AsThat(err, func(T) bool { return true })
}

// AsThat is [As] for the first T that is accepted.
func AsThat[T any](err error, accept func(T) bool) (found T, ok bool) {
	ok = Chain(err, func(e error) bool {
		if t, is := e.(T); is {
			found = t
			return accept(t)
		}
		return survives(func() bool {
			own, is := e.(interface{ As(any) bool })
			return is && own.As(&found) && accept(found)
		})
	})
	return found, ok
}

// AsTarget is errors.As for any error. It returns false for an invalid target.
func AsTarget(err error, target any) bool {
	value := reflect.ValueOf(target)
	if value.Kind() != reflect.Pointer || value.IsNil() {
		return false
	}
	want := value.Type().Elem()
	return Chain(err, func(e error) bool {
		if reflect.TypeOf(e).AssignableTo(want) {
			value.Elem().Set(reflect.ValueOf(e))
			return true
		}
		return survives(func() bool {
			own, is := e.(interface{ As(any) bool })
			return is && own.As(target)
		})
	})
}

// survives calls fn, and returns false when it panics.
func survives(fn func() bool) (result bool) {
	returned := false
	defer func() {
		if !returned {
			_ = recover()
			result = false
		}
	}()
	result = fn()
	returned = true
	return result
}
