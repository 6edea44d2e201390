package ingress

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	sdkencoding "github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/httpclient"
)

// binder makes what a route sends to a handler of a request. It decodes the client's
// body to check it, and sends the client's own bytes: what Go makes of a body and writes
// again is another one, with nulls for what was absent and without what a type hides.
type binder struct {
	typ        reflect.Type
	codec      sdkencoding.Codec
	fields     []boundField
	properties []property // of the JSON object, when there are fields
	accepts    string     // content types of the body; empty: any
	noBody     bool
	required   bool
	curl       bool     // a body may be declared as a form
	parameters bool     // the input is a parameter object
	headers    []string // that a parameter object takes
}

// payload is the input of a handler, encoded.
type payload struct {
	body        []byte
	contentType string // empty: none
	encoding    string // the Content-Encoding; empty: none
}

// newBinder fails on a field that no text can be put into, or that would not reach the
// handler.
func newBinder(t reflect.Type, codec sdkencoding.Codec) (binder, error) {
	sample := reflect.Zero(t).Interface()
	b := binder{typ: t, codec: codec, accepts: contentType(codec, sample), required: bodyRequired(codec, sample)}
	b.noBody = b.accepts == "" && !b.required
	structType := t
	if t.Kind() == reflect.Pointer {
		structType = t.Elem()
	}
	if structType.Kind() != reflect.Struct {
		return b, nil
	}
	b.parameters = isParameterObject(structType)
	for _, f := range reflect.VisibleFields(structType) {
		p, known := b.propertyOf(structType, f)
		bound, isBound, err := bindField(structType, f)
		if isBound && b.accepts == jsonContentType && !known {
			err = b.hidden()
		}
		if err != nil {
			return b, fmt.Errorf("ingress: field %s of %s: %w", f.Name, structType, err)
		}
		if name := f.Tag.Get("header"); b.parameters && name != "" {
			b.headers = append(b.headers, name)
		}
		p.bound = isBound
		if isBound {
			bound.is(p)
			b.fields = append(b.fields, bound)
		}
		if p.name != "" {
			b.properties = append(b.properties, p)
		}
	}
	return b, nil
}

// hidden says why the handler would not get a field that is bound.
func (b binder) hidden() error {
	if b.parameters {
		return errors.New(`has no input tag, so the handler would not get it; add input:"name"`)
	}
	return errors.New(`has json:"-", so the handler would not get it; remove that`)
}

// bodyRequired tells whether an input needs a body, by the rules by which
// discovery told it to the server.
func bodyRequired(codec sdkencoding.Codec, sample any) bool {
	if own, ok := sample.(sdkencoding.RestateUnmarshaler); ok {
		payload := own.InputPayload(codec)
		return payload != nil && payload.Required
	}
	optional, ok := codec.(sdkencoding.CodecInputMetadata)
	return !ok || optional.InputRequired()
}

// isParameterObject tells whether a struct embeds [handler.In].
func isParameterObject(t reflect.Type) bool {
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && f.Type == reflect.TypeFor[handler.In]() {
			return true
		}
	}
	return false
}

// bind makes a payload. What is wrong with the request is a [*RequestError].
func (b binder) bind(r *http.Request, body []byte) (payload, error) {
	if len(body) > 0 {
		if b.noBody {
			return payload{}, badRequest("the request has a body, and none is expected")
		}
		if err := b.checkRequest(r); err != nil {
			return payload{}, err
		}
	} else if b.required && len(b.fields) == 0 {
		return payload{}, badRequest("the request has no body")
	}
	if len(b.fields) == 0 {
		return b.pass(r, body)
	}
	values, err := b.urlValues(r)
	if err != nil {
		return payload{}, err
	}
	if body, err = b.set(body, values); err != nil {
		return payload{}, err
	}
	return payload{body: body, contentType: sentContentType(b.accepts)}, nil
}

// pass sends the client's own bytes.
func (b binder) pass(r *http.Request, body []byte) (payload, error) {
	in, err := b.decode(body)
	if err != nil {
		return payload{}, badRequest(explainDecoding(err))
	}
	if len(body) > 0 && in.Kind() == reflect.Pointer && in.IsNil() {
		return payload{}, badRequest("the body is null")
	}
	p := payload{body: body, contentType: sentContentType(b.accepts)}
	if isRange(b.accepts) {
		// How to read the bytes is the handler's business.
		if p.encoding = r.Header.Get(contentEncodingHeader); !isPlain(p.encoding) {
			return payload{}, &RequestError{Status: http.StatusUnsupportedMediaType, Detail: "the Content-Encoding of the body is malformed"}
		}
		if own := r.Header.Get(contentTypeHeader); own != "" && b.checkContentType(own) == nil {
			p.contentType = own
		}
	}
	return p, nil
}

func (b binder) decode(body []byte) (reflect.Value, error) {
	in := reflect.New(b.typ)
	err := sdkencoding.Unmarshal(b.codec, body, in.Interface())
	return in.Elem(), err
}

// set puts values of the URL into a body: into the client's own object where the
// handler then finds them. Where it does not, because the codec or a type has names of
// its own for its members, the body is what Go makes of it, encoded again.
func (b binder) set(body []byte, values []urlValue) ([]byte, error) {
	spliced, err := b.splice(body, values)
	if err == nil {
		var in reflect.Value
		if in, err = b.decode(spliced); err == nil && hold(in, values) {
			return spliced, nil
		}
		if err != nil && b.parameters {
			return nil, badRequest(explainDecoding(err)) // whose names are known
		}
	}
	in := reflect.New(b.typ).Elem()
	if len(body) > 0 || !b.required {
		decoded, failed := b.decode(body)
		if failed != nil {
			if err == nil || errors.Is(err, errNoObject) {
				err = failed
			}
			return nil, badRequest(explainDecoding(err))
		}
		in.Set(decoded)
	}
	object := in
	if in.Kind() == reflect.Pointer {
		if in.IsNil() {
			in.Set(reflect.New(in.Type().Elem()))
		}
		object = in.Elem()
	}
	for _, v := range values {
		object.FieldByIndex(v.index).Set(v.value)
	}
	encoded, err := sdkencoding.Marshal(b.codec, in.Interface())
	if err != nil {
		return nil, fmt.Errorf("ingress: encode the input: %w", httpclient.Brief(err, maxExcerpt))
	}
	return encoded, nil
}

// hold tells whether an input has the values where they belong.
func hold(in reflect.Value, values []urlValue) bool {
	if in.Kind() == reflect.Pointer {
		if in.IsNil() {
			return false
		}
		in = in.Elem()
	}
	for _, v := range values {
		if !v.inexact && !reflect.DeepEqual(in.FieldByIndex(v.index).Interface(), v.value.Interface()) {
			return false
		}
	}
	return true
}

// explainDecoding says what is wrong with a body, without the names of Go types and
// without what stands there, which may be of any length.
func explainDecoding(err error) string {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	var described *handler.InputError
	switch {
	case errors.As(err, &described):
		return httpclient.OneLine(described.Reason, maxExcerpt)
	case errors.As(err, &syntax):
		return fmt.Sprintf("the body is not valid JSON, at byte %d", syntax.Offset)
	case errors.As(err, &mismatch) && mismatch.Field != "":
		return fmt.Sprintf("the body has a %s in %s, which does not fit", kindOf(mismatch), httpclient.OneLine(mismatch.Field, maxExcerpt))
	case errors.As(err, &mismatch):
		return fmt.Sprintf("the body is a %s, which does not fit", kindOf(mismatch))
	default:
		return "the body cannot be decoded"
	}
}

// kindOf is the JSON type of a value of the wrong type. encoding/json puts the literal
// of a number behind it.
func kindOf(mismatch *json.UnmarshalTypeError) string {
	kind, _, _ := strings.Cut(mismatch.Value, " ")
	return kind
}
