package endpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/schema"
	"github.com/fxrestate/go/internal/sdk"
)

// describer describes input and output to discovery.
type describer interface {
	InputPayload() *encoding.InputPayload
	OutputPayload() *encoding.OutputPayload
}

// description is what a describer says, asked once. The schemas of a thousand
// handlers take tens of milliseconds, and they stay as they are.
type description struct {
	input  func() described[encoding.InputPayload]
	output func() described[encoding.OutputPayload]
}

// described is an answer of a describer.
type described[P any] struct {
	payload *P
	leftOut error // why it has not the schema that it was meant to have
}

func describeOnce(d describer) description {
	return description{
		input:  once(d.InputPayload, func(p *encoding.InputPayload) *any { return &p.JsonSchema }),
		output: once(d.OutputPayload, func(p *encoding.OutputPayload) *any { return &p.JsonSchema }),
	}
}

func (d description) InputPayload() *encoding.InputPayload   { return d.input().payload }
func (d description) OutputPayload() *encoding.OutputPayload { return d.output().payload }

// once asks once, and keeps a copy in which the schema is encoded.
func once[P any](ask func() *P, schemaOf func(*P) *any) func() described[P] {
	return sync.OnceValue(func() described[P] {
		answer := ask()
		if answer == nil {
			return described[P]{}
		}
		known := *answer
		s := schemaOf(&known)
		var leftOut error
		*s, leftOut = encodedSchema(*s)
		return described[P]{&known, leftOut}
	})
}

// encodedSchema is a schema as the manifest has it. One that the server would
// refuse, with all services of the deployment, is left open. One that does not
// encode is left for the SDK to report.
func encodedSchema(s any) (encoded any, leftOut error) {
	if s == nil {
		return nil, nil
	}
	if doc, ok := s.(schema.Document); ok {
		return doc.JSON, doc.LeftOut
	}
	written, err := json.Marshal(s)
	if err != nil {
		return s, nil
	}
	sound, err := schema.Sound(written)
	if err != nil {
		return json.RawMessage("{}"), err
	}
	return sound, nil
}

// tolerant describes a handler without input as one that takes JSON and does not need a
// body. Described as the SDK does, without anything, the server answers 400 to a request
// that has no body and a content type. Restate's TypeScript client always sends one. A
// body passes the server now, and [handler.Method.Decode] answers it with 400.
type tolerant struct{ describer }

func (t tolerant) InputPayload() *encoding.InputPayload {
	p := t.describer.InputPayload()
	if p == nil || p.Required || p.ContentType != nil || p.JsonSchema != nil {
		return p
	}
	contentType := "application/json"
	return &encoding.InputPayload{ContentType: &contentType}
}

// ready works the description out. A type or a codec of the user's may panic. The
// warnings are about schemas that were left out.
func (d description) ready() (warnings []error, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("its types or codecs panic where they describe themselves to discovery: %v", v)
		}
	}()
	for _, leftOut := range []error{d.input().leftOut, d.output().leftOut} {
		if leftOut != nil {
			warnings = append(warnings, leftOut)
		}
	}
	return warnings, nil
}

// describe works out what discovery will be told of the handlers.
func (e *Endpoint) describe() error {
	var errs []error
	for _, h := range e.handlers {
		warnings, err := h.ready()
		if err != nil {
			errs = append(errs, fmt.Errorf("endpoint: %s: %w", h.target, err))
		}
		for _, warning := range warnings {
			e.log.Warn("left out what a type, a tag or a codec says about a JSON schema, as the server would refuse it",
				"method", h.target, "error", warning)
		}
	}
	return errors.Join(errs...)
}

// foreignPayloads describes a handler that was not made from a struct of ours, by the
// types that it shows.
type foreignPayloads struct{ sdk.Foreign }

func (f foreignPayloads) InputPayload() *encoding.InputPayload {
	if !f.Takes.Known {
		return f.Foreign.InputPayload()
	}
	return handler.InputPayload(f.InputCodec, orAny(f.Takes.Type))
}

func (f foreignPayloads) OutputPayload() *encoding.OutputPayload {
	if !f.Gives.Known {
		return f.Foreign.OutputPayload()
	}
	return handler.OutputPayload(f.OutputCodec, orAny(f.Gives.Type))
}

// check reports types that encoding/json never takes.
func (f foreignPayloads) check(target string) error {
	var errs []error
	if err := handler.CheckInput(f.InputCodec, f.Takes.Type); err != nil {
		errs = append(errs, fmt.Errorf("endpoint: %s: its input %w", target, err))
	}
	if err := handler.CheckOutput(f.OutputCodec, f.Gives.Type); err != nil {
		errs = append(errs, fmt.Errorf("endpoint: %s: its result %w", target, err))
	}
	return errors.Join(errs...)
}

// orAny returns t. A value of an interface shows none.
func orAny(t reflect.Type) reflect.Type {
	if t == nil {
		return reflect.TypeFor[any]()
	}
	return t
}
