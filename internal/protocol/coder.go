package protocol

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrMalformed is the error of a message that does not decode.
var ErrMalformed = errors.New("malformed message")

// maxDepth bounds how deep messages may lie in each other.
const maxDepth = 100

// record is what has fields. It names each once, in the order of their numbers, and
// ends with its unknown ones. This serves both directions.
type record interface {
	fields(c *coder)
}

// coder encodes a record, or decodes one field into it.
type coder struct {
	out   []byte // encoded
	field *field // nil: encode
	depth int
}

// field is one that is decoded.
type field struct {
	number protowire.Number
	kind   protowire.Type
	varint uint64 // the value of a field with a number
	bytes  []byte // the value of a field with bytes
	raw    []byte // all of it, the tag too
	taken  bool   // by the record, which knows it
	err    error
}

// appendRecord appends the encoded record.
func appendRecord(b []byte, r record) []byte {
	c := coder{out: b}
	r.fields(&c)
	return c.out
}

// decodeRecord decodes b into the record. What is repeated is added, and bytes lie in b.
func decodeRecord(b []byte, r record, depth int) error {
	if depth > maxDepth {
		return errors.New("messages lie too deep in each other")
	}
	var d struct { // one allocation
		coder
		field field
	}
	c, f := &d.coder, &d.field
	c.field, c.depth = f, depth
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(number, kind, b[n:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		*f = field{number: number, kind: kind, raw: b[: n+size : n+size]}
		switch kind {
		case protowire.VarintType:
			f.varint, _ = protowire.ConsumeVarint(b[n:])
		case protowire.BytesType:
			f.bytes, _ = protowire.ConsumeBytes(b[n:])
			f.bytes = f.bytes[:len(f.bytes):len(f.bytes)]
		}
		if r.fields(c); f.err != nil {
			return fmt.Errorf("field %d: %w", number, f.err)
		}
		b = b[n+size:]
	}
	return nil
}

// take reports whether the field that is decoded has the number. It must have the type
// then.
func (c *coder) take(number protowire.Number, kind protowire.Type) bool {
	f := c.field
	if f.number != number || f.taken {
		return false
	}
	f.taken = true
	if f.kind != kind {
		f.err = fmt.Errorf("wire type %d instead of %d", f.kind, kind)
		return false
	}
	return true
}

// unknown keeps what no other call has taken. It comes last.
func (c *coder) unknown(v *[]byte) {
	switch {
	case c.field == nil:
		c.out = append(c.out, *v...)
	case !c.field.taken:
		*v = append(*v, c.field.raw...)
	}
}

func (c *coder) appendVarint(number protowire.Number, v uint64) {
	c.out = protowire.AppendTag(c.out, number, protowire.VarintType)
	c.out = protowire.AppendVarint(c.out, v)
}

func appendBytes[T ~string | ~[]byte](c *coder, number protowire.Number, v T) {
	c.out = protowire.AppendTag(c.out, number, protowire.BytesType)
	c.out = protowire.AppendVarint(c.out, uint64(len(v)))
	c.out = append(c.out, v...)
}

// narrow returns v as a number of 32 bits, if it is one.
func (f *field) narrow(v uint64) uint32 {
	if v > 1<<32-1 {
		f.err = errors.New("more than 32 bits")
		return 0
	}
	return uint32(v)
}

// text returns the bytes as a string, which must be UTF-8.
func (f *field) text() string {
	if !utf8.Valid(f.bytes) {
		f.err = errors.New("no UTF-8")
		return ""
	}
	return string(f.bytes)
}

// Fields without presence: a zero value is not encoded.

func (c *coder) uint64(number protowire.Number, v *uint64) {
	switch {
	case c.field != nil:
		if c.take(number, protowire.VarintType) {
			*v = c.field.varint
		}
	case *v != 0:
		c.appendVarint(number, *v)
	}
}

func (c *coder) uint32(number protowire.Number, v *uint32) {
	switch {
	case c.field != nil:
		if c.take(number, protowire.VarintType) {
			*v = c.field.narrow(c.field.varint)
		}
	case *v != 0:
		c.appendVarint(number, uint64(*v))
	}
}

func (c *coder) bool(number protowire.Number, v *bool) {
	switch {
	case c.field != nil:
		if c.take(number, protowire.VarintType) {
			*v = c.field.varint != 0
		}
	case *v:
		c.appendVarint(number, 1)
	}
}

func (c *coder) string(number protowire.Number, v *string) {
	switch {
	case c.field != nil:
		if c.take(number, protowire.BytesType) {
			*v = c.field.text()
		}
	case *v != "":
		appendBytes(c, number, *v)
	}
}

func (c *coder) bytes(number protowire.Number, v *[]byte) {
	switch {
	case c.field != nil:
		if c.take(number, protowire.BytesType) {
			*v = noneIfEmpty(c.field.bytes)
		}
	case len(*v) > 0:
		appendBytes(c, number, *v)
	}
}

// noneIfEmpty gives equal values one form.
func noneIfEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// Fields with presence: nil is not encoded.

func (c *coder) optionalUint64(number protowire.Number, v **uint64) {
	switch {
	case c.field != nil:
		if c.take(number, protowire.VarintType) {
			*v = new(c.field.varint)
		}
	case *v != nil:
		c.appendVarint(number, **v)
	}
}

func (c *coder) optionalUint32(number protowire.Number, v **uint32) {
	switch {
	case c.field != nil:
		if c.take(number, protowire.VarintType) {
			*v = new(c.field.narrow(c.field.varint))
		}
	case *v != nil:
		c.appendVarint(number, uint64(**v))
	}
}

func (c *coder) optionalString(number protowire.Number, v **string) {
	switch {
	case c.field != nil:
		if c.take(number, protowire.BytesType) {
			*v = new(c.field.text())
		}
	case *v != nil:
		appendBytes(c, number, **v)
	}
}

// Members of a union: they are encoded even if they are empty.

func (c *coder) member(number protowire.Number, v *[]byte) {
	if c.field == nil {
		appendBytes(c, number, *v)
	} else if c.take(number, protowire.BytesType) {
		*v = noneIfEmpty(c.field.bytes)
	}
}

func (c *coder) memberString(number protowire.Number, v *string) {
	if c.field == nil {
		appendBytes(c, number, *v)
	} else if c.take(number, protowire.BytesType) {
		*v = c.field.text()
	}
}

// Fields that are repeated.

// numbers are written packed, and read in both forms.
func (c *coder) numbers(number protowire.Number, v *[]uint32) {
	if c.field == nil {
		if len(*v) > 0 {
			c.nest(number, func() {
				for _, n := range *v {
					c.out = protowire.AppendVarint(c.out, uint64(n))
				}
			})
		}
		return
	}
	if c.field.kind == protowire.VarintType {
		if c.take(number, protowire.VarintType) {
			*v = append(*v, c.field.narrow(c.field.varint))
		}
		return
	}
	if !c.take(number, protowire.BytesType) {
		return
	}
	for b := c.field.bytes; len(b) > 0; {
		n, size := protowire.ConsumeVarint(b)
		if size < 0 {
			c.field.err = protowire.ParseError(size)
			return
		}
		*v = append(*v, c.field.narrow(n))
		b = b[size:]
	}
}

func (c *coder) strings(number protowire.Number, v *[]string) {
	if c.field == nil {
		for _, s := range *v {
			appendBytes(c, number, s)
		}
	} else if c.take(number, protowire.BytesType) {
		*v = append(*v, c.field.text())
	}
}

func (c *coder) byteStrings(number protowire.Number, v *[][]byte) {
	if c.field == nil {
		for _, b := range *v {
			appendBytes(c, number, b)
		}
	} else if c.take(number, protowire.BytesType) {
		*v = append(*v, noneIfEmpty(c.field.bytes))
	}
}

// Messages in messages.

// pointerTo is a pointer to a T that is a record.
type pointerTo[T any] interface {
	*T
	record
}

// nest encodes what inner appends, with its length before it.
func (c *coder) nest(number protowire.Number, inner func()) {
	c.out = protowire.AppendTag(c.out, number, protowire.BytesType)
	start := len(c.out)
	inner()
	length := len(c.out) - start
	size := protowire.SizeVarint(uint64(length))
	c.out = append(c.out, make([]byte, size)...)
	copy(c.out[start+size:], c.out[start:start+length])
	protowire.AppendVarint(c.out[:start], uint64(length))
}

// always encodes the record even if it is empty, and decodes into it what is there.
func (c *coder) always(number protowire.Number, r record) {
	if c.field == nil {
		c.nest(number, func() { r.fields(c) })
	} else if c.take(number, protowire.BytesType) {
		c.field.err = decodeRecord(c.field.bytes, r, c.depth+1)
	}
}

// optional encodes a record unless it is nil.
func optional[T any, P pointerTo[T]](c *coder, number protowire.Number, v **T) {
	if c.field == nil {
		if *v != nil {
			c.always(number, P(*v))
		}
		return
	}
	if c.field.number == number && *v == nil {
		*v = new(T)
	}
	c.always(number, P(*v))
}

// repeated encodes each of the records.
func repeated[T any, P pointerTo[T]](c *coder, number protowire.Number, v *[]T) {
	if c.field == nil {
		for i := range *v {
			c.always(number, P(&(*v)[i]))
		}
		return
	}
	if c.field.number == number && !c.field.taken {
		var one T
		c.always(number, P(&one))
		*v = append(*v, one)
	}
}
