package ingress

import (
	"cmp"
	"fmt"
	"reflect"

	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/httpclient"
)

// decode makes the result of an answer. No bytes are nothing where the codec does not
// read them and the type has a nil: that is what a handler in another language returns
// that returns nothing, such as undefined.
func decode[O any](name string, codec encoding.Codec, a answer) (O, error) {
	var out, none O
	err := encoding.Unmarshal(codec, a.body, &out)
	switch {
	case err == nil:
		return out, nil
	case len(a.body) > 0:
		return none, fmt.Errorf("ingress: %s: the result of %s does not decode into %s: %w",
			name, cmp.Or(a.invocationID, "the invocation"), reflect.TypeFor[O](), httpclient.Brief(err, maxExcerpt))
	case hasNil(reflect.TypeFor[O]()):
		return none, nil
	default:
		return none, fmt.Errorf("ingress: %s: the result of %s is empty, and a %s was expected; take a pointer, which is nil then, or restate.Void",
			name, cmp.Or(a.invocationID, "the invocation"), reflect.TypeFor[O]())
	}
}

func hasNil(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return true
	default:
		return false
	}
}
