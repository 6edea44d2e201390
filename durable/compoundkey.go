package durable

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/fxrestate/go/internal/textvalue"
)

// CompoundKey makes one key of a virtual object or a workflow of several parts, and finds
// the parts again. K is a struct whose fields are the parts. Declare it as a variable of
// the package beside the handlers:
//
//	type CartKey struct {
//		Tenant string
//		Number int
//	}
//
//	var cartKey = durable.NewCompoundKey[CartKey]()
//
//	key, err := cartKey.Join(CartKey{"acme", 7}) // "acme:7"
//	…
//	cart, err := rpc.Call0(ctx, s.carts.Key(key), (*Cart).View)
//
//	func (*Cart) View(ctx restate.ObjectSharedContext) (View, error) {
//		own, err := cartKey.Split(restate.Key(ctx))
//		…
//	}
//
// Parts are strings, numbers, bools, and types with the methods MarshalText and
// UnmarshalText. The parts stand in the order of the fields, with a colon between them. In
// a part, "~1" stands for a colon and "~0" for "~". So different parts have different
// keys, whatever they contain, and each key has one form: Split refuses every other.
//
// A key needs no escaping for URLs: packages rpc and ingress do that. A key that was
// escaped by hand, as with other clients, is the key of another object. Do not change the
// order or the types of the fields while objects exist: their keys would be others.
//
// The zero value and NewCompoundKey do the same.
type CompoundKey[K any] struct{}

// NewCompoundKey declares a compound key.
func NewCompoundKey[K any]() CompoundKey[K] { return CompoundKey[K]{} }

// The separator of the parts, and how it is written within one, as in RFC 6901.
const (
	keySeparator = ":"
	keyEscape    = "~"
)

// Join returns the key of the given parts. A part whose MarshalText fails is a terminal
// error with code 400. A K that is not a struct of parts is an error that is not terminal.
func (k CompoundKey[K]) Join(parts K) (string, error) {
	if err := k.Check(); err != nil {
		return "", err
	}
	v := reflect.ValueOf(&parts).Elem()
	escape := strings.NewReplacer(keyEscape, "~0", keySeparator, "~1")
	texts := make([]string, v.NumField())
	for i := range texts {
		text, err := textvalue.Text(v.Field(i))
		if err != nil {
			return "", badRequest(fmt.Errorf("durable: %s.%s: %w", v.Type(), v.Type().Field(i).Name, err))
		}
		texts[i] = escape.Replace(text)
	}
	return strings.Join(texts, keySeparator), nil
}

// Split returns the parts of a key that [CompoundKey.Join] made. Any other text is a
// terminal error with code 400: a caller chose it. A K that is not a struct of parts is an
// error that is not terminal.
func (k CompoundKey[K]) Split(key string) (parts K, err error) {
	if err := k.Check(); err != nil {
		return parts, err
	}
	v := reflect.ValueOf(&parts).Elem()
	refuse := func(format string, args ...any) (K, error) {
		var none K
		return none, badRequest(fmt.Errorf("durable: %.100q is not the key of a %s: %w", key, v.Type(), fmt.Errorf(format, args...)))
	}
	texts := strings.Split(key, keySeparator)
	if len(texts) != v.NumField() {
		return refuse("it has %d parts instead of %d", len(texts), v.NumField())
	}
	unescape := strings.NewReplacer("~1", keySeparator, "~0", keyEscape)
	for i, text := range texts {
		if err := textvalue.Set(v.Field(i), unescape.Replace(text)); err != nil {
			return refuse("%s %w", v.Type().Field(i).Name, err)
		}
	}
	if own, err := k.Join(parts); err != nil || own != key {
		return refuse("Join writes these parts as %.100q", own)
	}
	return parts, nil
}

// Check returns an error for a K that is not a struct of parts.
func (CompoundKey[K]) Check() error {
	t := reflect.TypeFor[K]()
	if t.Kind() != reflect.Struct || t.NumField() == 0 {
		return fmt.Errorf("durable: CompoundKey[%s]: pass a struct whose fields are the parts", t)
	}
	var errs []error
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Anonymous {
			errs = append(errs, fmt.Errorf("durable: CompoundKey[%s]: the field %s cannot be a part; export it, and do not embed it", t, f.Name))
		} else if !textvalue.Takes(f.Type) || !textvalue.Gives(f.Type) {
			errs = append(errs, fmt.Errorf("durable: CompoundKey[%s]: the field %s is a %s; use a string, a number, a bool or a type with MarshalText and UnmarshalText", t, f.Name, f.Type))
		}
	}
	return errors.Join(errs...)
}
