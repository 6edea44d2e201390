package ingress

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"unicode/utf8"

	sdkencoding "github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/httptext"
	"github.com/fxrestate/go/internal/textvalue"
)

// binder makes the input of a handler from a request.
type binder struct {
	typ         reflect.Type
	codec       sdkencoding.Codec
	fields      []boundField
	contentType string // of the body; empty: any
	noBody      bool
	required    bool
}

// boundField is a field of the input that comes from the URL.
type boundField struct {
	index     []int
	typ       reflect.Type
	name      string
	fromQuery bool
	many      bool // all values of a query parameter
}

// newBinder fails on a field that no text can be put into.
func newBinder(t reflect.Type, codec sdkencoding.Codec) (binder, error) {
	sample := reflect.Zero(t).Interface()
	b := binder{typ: t, codec: codec, contentType: contentType(codec, sample), required: bodyRequired(codec, sample)}
	b.noBody = b.contentType == "" && !b.required
	structType := t
	if t.Kind() == reflect.Pointer {
		structType = t.Elem()
	}
	if structType.Kind() != reflect.Struct {
		return b, nil
	}
	for _, f := range reflect.VisibleFields(structType) {
		bound, ok, err := bindField(structType, f)
		if ok && b.contentType == "application/json" && f.Tag.Get("json") == "-" {
			err = errors.New(`has json:"-", so the handler would not get it; remove that`)
		}
		if err != nil {
			return b, fmt.Errorf("ingress: field %s of %s: %w", f.Name, structType, err)
		}
		if ok {
			b.fields = append(b.fields, bound)
		}
	}
	return b, nil
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

func bindField(t reflect.Type, f reflect.StructField) (boundField, bool, error) {
	path, inPath := f.Tag.Lookup("path")
	query, inQuery := f.Tag.Lookup("query")
	switch {
	case !inPath && !inQuery:
		return boundField{}, false, nil
	case inPath && inQuery:
		return boundField{}, false, errors.New("has a path and a query tag; keep one")
	case path+query == "":
		return boundField{}, false, errors.New("has a path or query tag without a name")
	case !f.IsExported():
		return boundField{}, false, errors.New("has a path or query tag and is not exported")
	}
	for i := 1; i < len(f.Index); i++ {
		if t.FieldByIndex(f.Index[:i]).Type.Kind() == reflect.Pointer {
			return boundField{}, false, errors.New("is reached through an embedded pointer; embed the struct itself")
		}
	}
	b := boundField{index: f.Index, typ: f.Type, name: path + query, fromQuery: inQuery}
	b.many = inQuery && f.Type.Kind() == reflect.Slice && !takesText(f.Type)
	if !takesText(f.Type) && !(b.many && takesText(f.Type.Elem())) {
		return b, false, fmt.Errorf("is a %s, which no path or query value fits", f.Type)
	}
	return b, true, nil
}

// bind makes an input. Its errors are [*RequestError].
func (b binder) bind(r *http.Request, body []byte) (any, error) {
	in := reflect.New(b.typ)
	switch {
	case len(body) > 0 && b.noBody:
		return nil, badRequest("the request has a body, and none is expected")
	case len(body) > 0:
		if err := b.checkContentType(r.Header.Get(contentTypeHeader)); err != nil {
			return nil, err
		}
		fallthrough
	case !b.required:
		if err := sdkencoding.Unmarshal(b.codec, body, in.Interface()); err != nil {
			return nil, badRequest(explainDecoding(err))
		}
	case len(b.fields) == 0:
		return nil, badRequest("the request has no body")
	}
	if len(body) > 0 && b.typ.Kind() == reflect.Pointer && in.Elem().IsNil() {
		return nil, badRequest("the body is null")
	}
	if err := b.bindURL(in.Elem(), r); err != nil {
		return nil, err
	}
	return in.Elem().Interface(), nil
}

func (b binder) bindURL(in reflect.Value, r *http.Request) error {
	if len(b.fields) == 0 {
		return nil
	}
	if in.Kind() == reflect.Pointer {
		if in.IsNil() {
			in.Set(reflect.New(in.Type().Elem()))
		}
		in = in.Elem()
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badRequest("the query is malformed")
	}
	for _, f := range b.fields {
		field := in.FieldByIndex(f.index)
		field.SetZero() // whatever the body had to say about it
		if err := f.bind(field, r, query); err != nil {
			return err
		}
	}
	return nil
}

func (f boundField) bind(field reflect.Value, r *http.Request, query url.Values) error {
	values := query[f.name]
	where := "query parameter"
	if !f.fromQuery {
		where = "path value"
		value, err := pathValue(r, f.name)
		if err != nil {
			return err
		}
		values = []string{value}
		if value == "" {
			return badRequest(fmt.Sprintf("path value %q is empty", f.name))
		}
	}
	for _, value := range values {
		if !utf8.ValidString(value) {
			return badRequest(fmt.Sprintf("%s %q is not valid UTF-8", where, f.name))
		}
	}
	if len(values) == 0 {
		return nil
	}
	if !f.many {
		if len(values) > 1 {
			return badRequest(fmt.Sprintf("%s %q is there %d times", where, f.name, len(values)))
		}
		if err := setText(field, values[0]); err != nil {
			return badRequest(fmt.Sprintf("%s %q: %v", where, f.name, err))
		}
		return nil
	}
	all := reflect.MakeSlice(f.typ, len(values), len(values))
	for i, value := range values {
		if err := setText(all.Index(i), value); err != nil {
			return badRequest(fmt.Sprintf("%s %q: %v", where, f.name, err))
		}
	}
	field.Set(all)
	return nil
}

// takesText reports whether one text of a URL fits a field: into the type itself, or
// into what it points to.
func takesText(t reflect.Type) bool {
	return textvalue.Takes(t) || t.Kind() == reflect.Pointer && textvalue.Takes(t.Elem())
}

// setText puts text into a field of such a type.
func setText(field reflect.Value, text string) error {
	if !textvalue.Takes(field.Type()) {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	return textvalue.Set(field, text)
}

// checkContentType also keeps out what a foreign web page can send without being
// asked whether it may.
func (b binder) checkContentType(got string) error {
	if b.contentType == "" || b.contentType == anyContentType {
		return nil
	}
	media, _, err := mime.ParseMediaType(got)
	if err == nil && (media == b.contentType ||
		b.contentType == "application/json" && strings.HasSuffix(media, "+json")) {
		return nil
	}
	return &RequestError{
		Status: http.StatusUnsupportedMediaType,
		Detail: fmt.Sprintf("the Content-Type of the body is not %s", b.contentType),
	}
}

// explainDecoding says what is wrong with a body, without the names of Go types and
// without what stands there, which may be of any length.
func explainDecoding(err error) string {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("the body is not valid JSON, at byte %d", syntax.Offset)
	case errors.As(err, &mismatch) && mismatch.Field != "":
		return fmt.Sprintf("the body has a %s in %s, which does not fit", kindOf(mismatch), httptext.OneLine(mismatch.Field, maxExcerpt))
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
