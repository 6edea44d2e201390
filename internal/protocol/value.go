package protocol

// Value is a value as the handler encoded it.
type Value struct {
	Content []byte
	Unknown []byte // fields that this package does not know, as they came
}

func (v *Value) fields(c *coder) {
	c.bytes(1, &v.Content)
	c.unknown(&v.Unknown)
}

// Failure is a terminal error.
type Failure struct {
	Code     uint32
	Message  string
	Metadata []Metadata // since V6
	Unknown  []byte
}

func (f *Failure) fields(c *coder) {
	c.uint32(1, &f.Code)
	c.string(2, &f.Message)
	repeated(c, 3, &f.Metadata)
	c.unknown(&f.Unknown)
}

// Metadata is a pair that a terminal error carries.
type Metadata struct {
	Key, Value string
	Unknown    []byte
}

func (m *Metadata) fields(c *coder) {
	c.string(1, &m.Key)
	c.string(2, &m.Value)
	c.unknown(&m.Unknown)
}

// Header is a header of an invocation.
type Header struct {
	Key, Value string
	Unknown    []byte
}

func (h *Header) fields(c *coder) {
	c.string(1, &h.Key)
	c.string(2, &h.Value)
	c.unknown(&h.Unknown)
}

// StateEntry is a key of the state with its value.
type StateEntry struct {
	Key, Value []byte
	Unknown    []byte
}

func (e *StateEntry) fields(c *coder) {
	c.bytes(1, &e.Key)
	c.bytes(2, &e.Value)
	c.unknown(&e.Unknown)
}

// StateKeys are the keys of the state.
type StateKeys struct {
	Keys    [][]byte
	Unknown []byte
}

func (k *StateKeys) fields(c *coder) {
	c.byteStrings(1, &k.Keys)
	c.unknown(&k.Unknown)
}

// empty is a message without fields.
type empty struct{ unknown *[]byte }

func (e empty) fields(c *coder) { c.unknown(e.unknown) }

// Combinator says how futures are combined.
type Combinator uint32

// The combinators.
const (
	CombinatorUnknown                   Combinator = iota // as FirstCompleted
	CombinatorFirstCompleted                              // one has a result
	CombinatorAllCompleted                                // all have a result
	CombinatorFirstSucceededOrAllFailed                   // one has a value, or none will
	CombinatorAllSucceededOrFirstFailed                   // all have a value, or one failed
)

// Future is what a handler waits for: completions, signals, and further futures.
type Future struct {
	WaitingCompletions  []uint32
	WaitingSignals      []uint32
	WaitingNamedSignals []string
	Nested              []Future
	Combinator          Combinator
	Unknown             []byte
}

func (f *Future) fields(c *coder) {
	c.numbers(1, &f.WaitingCompletions)
	c.numbers(2, &f.WaitingSignals)
	c.strings(3, &f.WaitingNamedSignals)
	repeated(c, 4, &f.Nested)
	c.uint32(5, (*uint32)(&f.Combinator))
	c.unknown(&f.Unknown)
}
