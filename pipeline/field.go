package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Field returns one field of an input that is a JSON object, whatever the type
// of the handler's input. It reads the body, so it does not see what pipes did.
// Without such a field, or without a body, it returns the zero value and false.
// The error is a terminal one with code 400 when the body or the field has
// another form.
//
// The case of the name does not count, as with encoding/json: {"AMOUNT": 9} sets a field
// that is called amount. A body with two spellings of the name is an error, because which
// of them counts depends on the type of the input.
func Field[T any](inv *Invocation, name string) (value T, ok bool, err error) {
	body := inv.Body()
	if len(body) == 0 {
		return value, false, nil
	}
	members, err := membersNamed(body, name)
	if err != nil {
		return value, false, undecodable(err)
	}
	for _, m := range members {
		if m.name != members[0].name {
			var none T
			return none, false, undecodable(fmt.Errorf("field %q is there in two spellings, %q and %q", name, members[0].name, m.name))
		}
		// One after another, as encoding/json does: a null leaves what was there before.
		if err := json.Unmarshal(m.value, &value); err != nil {
			var none T
			return none, false, undecodable(fmt.Errorf("field %q: %w", name, err))
		}
	}
	return value, len(members) > 0, nil
}

// member is a member of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// membersNamed returns those members of an object, in order, whose name is the same but
// for case.
func membersNamed(body []byte, name string) (members []member, err error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		return nil, err // object is nil for null
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if _, err := d.Token(); err != nil { // the brace
		return nil, err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if given, _ := key.(string); strings.EqualFold(given, name) {
			members = append(members, member{given, value})
		}
	}
	return members, nil
}
