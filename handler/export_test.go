package handler

import (
	"reflect"

	"github.com/restatedev/sdk-go/encoding"
)

// BindTo fills a parameter object of a type that was made at run time, because no method
// can take such a type. The body is JSON.
func BindTo(object reflect.Type, keyed bool, src Source) (any, error) {
	b, err := newBinder(object, keyed)
	if err != nil {
		return nil, err
	}
	v, err := b.bind(bodyCodec{describedCodec{encoding.JSONCodec}, b}, src)
	if err != nil {
		return nil, err
	}
	return v.Elem().Interface(), nil
}
