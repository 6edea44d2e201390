package endpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/restatedev/sdk-go/encoding"
)

// describer describes input and output to discovery.
type describer interface {
	InputPayload() *encoding.InputPayload
	OutputPayload() *encoding.OutputPayload
}

// description is what a describer says, asked once. The schemas of a thousand
// handlers take tens of milliseconds, and they stay as they are.
type description struct {
	input  func() *encoding.InputPayload
	output func() *encoding.OutputPayload
}

func describeOnce(d describer) description {
	return description{
		input:  once(d.InputPayload, func(p *encoding.InputPayload) *any { return &p.JsonSchema }),
		output: once(d.OutputPayload, func(p *encoding.OutputPayload) *any { return &p.JsonSchema }),
	}
}

// once asks once, and keeps a copy in which the schema is encoded.
func once[P any](ask func() *P, schema func(*P) *any) func() *P {
	return sync.OnceValue(func() *P {
		answer := ask()
		if answer == nil {
			return nil
		}
		known := *answer
		s := schema(&known)
		*s = encodedSchema(*s)
		return &known
	})
}

// encodedSchema is a schema as the manifest has it. One that does not encode is
// left for the SDK to report.
func encodedSchema(schema any) any {
	if schema == nil {
		return nil
	}
	encoded, err := json.Marshal(schema)
	if err != nil {
		return schema
	}
	return json.RawMessage(encoded)
}

// ready works the description out. A type or a codec of the user's may panic.
func (d description) ready() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("its types or codecs panic where they describe themselves to discovery: %v", v)
		}
	}()
	d.input()
	d.output()
	return nil
}

// describe works out what discovery will be told of the handlers.
func (e *Endpoint) describe() error {
	var errs []error
	for _, h := range e.piped {
		if err := h.ready(); err != nil {
			errs = append(errs, fmt.Errorf("endpoint: %s: %w", h.target, err))
		}
	}
	return errors.Join(errs...)
}
