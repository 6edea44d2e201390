package protocol

// Input is what an invocation was called with.
type Input struct {
	Headers []Header
	Name    string
	Value   *Value
	Unknown []byte
}

func (m *Input) fields(c *coder) {
	repeated(c, 1, &m.Headers)
	c.string(12, &m.Name)
	optional(c, 14, &m.Value)
	c.unknown(&m.Unknown)
}

// Output is what an invocation came to: a value or a failure.
type Output struct {
	Name    string
	Result  Result
	Unknown []byte
}

func (m *Output) fields(c *coder) {
	c.string(12, &m.Name)
	c.result(places{value: 14, failure: 15}, &m.Result)
	c.unknown(&m.Unknown)
}

// Sleep waits until a time.
type Sleep struct {
	WakeUpTime   uint64 // in milliseconds since 1970
	CompletionID uint32
	Name         string
	Unknown      []byte
}

func (m *Sleep) fields(c *coder) {
	c.uint64(1, &m.WakeUpTime)
	c.uint32(11, &m.CompletionID)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// Run announces a step. What it comes to is a [ProposeRunCompletion].
type Run struct {
	CompletionID uint32
	Name         string
	Unknown      []byte
}

func (m *Run) fields(c *coder) {
	c.uint32(11, &m.CompletionID)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// CompleteAwakeable completes an awakeable with a value or a failure.
type CompleteAwakeable struct {
	AwakeableID string
	Result      Result
	Name        string
	Unknown     []byte
}

func (m *CompleteAwakeable) fields(c *coder) {
	c.string(1, &m.AwakeableID)
	c.result(places{value: 2, failure: 3}, &m.Result)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// SignalCancel is the index of the signal that cancels an invocation, with a void.
const SignalCancel = 1

// SendSignal sends a signal to an invocation: a void, a value or a failure.
type SendSignal struct {
	TargetInvocationID string
	Signal             Signal
	Result             Result
	EntryName          string // the name of the command
	Unknown            []byte
}

func (m *SendSignal) fields(c *coder) {
	c.string(1, &m.TargetInvocationID)
	c.signal(&m.Signal)
	c.result(places{void: 4, value: 5, failure: 6}, &m.Result)
	c.string(12, &m.EntryName)
	c.unknown(&m.Unknown)
}

// Signal says which signal: the one with the name, or that with the index if there is
// no name.
type Signal struct {
	Index *uint32 // awakeables begin at 17
	Name  *string
}

// signal encodes the one that the signal is, and decodes the last that is there.
func (c *coder) signal(s *Signal) {
	if c.field == nil {
		if s.Name == nil {
			c.optionalUint32(2, &s.Index)
		}
		c.optionalString(3, &s.Name)
		return
	}
	switch c.field.number {
	case 2:
		s.Name = nil
		c.optionalUint32(2, &s.Index)
	case 3:
		s.Index = nil
		c.optionalString(3, &s.Name)
	}
}

// GetPromise waits for a promise of a workflow.
type GetPromise struct {
	Key          string
	CompletionID uint32
	Name         string
	Unknown      []byte
}

func (m *GetPromise) fields(c *coder) {
	c.string(1, &m.Key)
	c.uint32(11, &m.CompletionID)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// PeekPromise asks what a promise is now: void if it is not completed.
type PeekPromise struct {
	Key          string
	CompletionID uint32
	Name         string
	Unknown      []byte
}

func (m *PeekPromise) fields(c *coder) {
	c.string(1, &m.Key)
	c.uint32(11, &m.CompletionID)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// CompletePromise completes a promise with a value or a failure.
type CompletePromise struct {
	Key          string
	Completion   Result
	CompletionID uint32
	Name         string
	Unknown      []byte
}

func (m *CompletePromise) fields(c *coder) {
	c.string(1, &m.Key)
	c.result(places{value: 2, failure: 3}, &m.Completion)
	c.uint32(11, &m.CompletionID)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}
