package protocol

// Call calls a handler and has its result.
type Call struct {
	Service, Handler         string
	Parameter                []byte
	Headers                  []Header
	Key                      string  // of an object or a workflow
	IdempotencyKey           *string // not empty
	Scope, LimitKey          *string // since V7
	InvocationIDCompletionID uint32  // of the notification with the id of the invocation
	CompletionID             uint32
	Name                     string
	Unknown                  []byte
}

func (m *Call) fields(c *coder) {
	c.string(1, &m.Service)
	c.string(2, &m.Handler)
	c.bytes(3, &m.Parameter)
	repeated(c, 4, &m.Headers)
	c.string(5, &m.Key)
	c.optionalString(6, &m.IdempotencyKey)
	c.optionalString(7, &m.Scope)
	c.optionalString(8, &m.LimitKey)
	c.uint32(10, &m.InvocationIDCompletionID)
	c.uint32(11, &m.CompletionID)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// OneWayCall calls a handler, perhaps later, without waiting for its result.
type OneWayCall struct {
	Service, Handler         string
	Parameter                []byte
	InvokeTime               uint64 // in milliseconds since 1970; at once if that is past
	Headers                  []Header
	Key                      string
	IdempotencyKey           *string
	Scope, LimitKey          *string
	InvocationIDCompletionID uint32
	Name                     string
	Unknown                  []byte
}

func (m *OneWayCall) fields(c *coder) {
	c.string(1, &m.Service)
	c.string(2, &m.Handler)
	c.bytes(3, &m.Parameter)
	c.uint64(4, &m.InvokeTime)
	repeated(c, 5, &m.Headers)
	c.string(6, &m.Key)
	c.optionalString(7, &m.IdempotencyKey)
	c.optionalString(8, &m.Scope)
	c.optionalString(9, &m.LimitKey)
	c.uint32(10, &m.InvocationIDCompletionID)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// AttachInvocation waits for the result of an invocation.
type AttachInvocation struct {
	Target       Target
	CompletionID uint32
	Name         string
	Unknown      []byte
}

func (m *AttachInvocation) fields(c *coder) {
	c.target(&m.Target)
	c.uint32(11, &m.CompletionID)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// GetInvocationOutput asks what an invocation has come to: void if it is not over.
type GetInvocationOutput struct {
	Target       Target
	CompletionID uint32
	Name         string
	Unknown      []byte
}

func (m *GetInvocationOutput) fields(c *coder) {
	c.target(&m.Target)
	c.uint32(11, &m.CompletionID)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// Target says which invocation, in one of three ways. The others are nil.
type Target struct {
	InvocationID *string
	Idempotent   *IdempotentRequestTarget
	Workflow     *WorkflowTarget
}

// target encodes what is there, and decodes the last.
func (c *coder) target(t *Target) {
	if c.field != nil {
		switch c.field.number {
		case 1:
			*t = Target{}
		case 3:
			*t = Target{Idempotent: t.Idempotent}
		case 4:
			*t = Target{Workflow: t.Workflow}
		default:
			return
		}
	}
	c.optionalString(1, &t.InvocationID)
	optional(c, 3, &t.Idempotent)
	optional(c, 4, &t.Workflow)
}

// IdempotentRequestTarget is an invocation by its idempotency key.
type IdempotentRequestTarget struct {
	Service        string
	Key            *string // of an object or a workflow
	Handler        string
	IdempotencyKey string
	Scope          *string // since V7
	Unknown        []byte
}

func (t *IdempotentRequestTarget) fields(c *coder) {
	c.string(1, &t.Service)
	c.optionalString(2, &t.Key)
	c.string(3, &t.Handler)
	c.string(4, &t.IdempotencyKey)
	c.optionalString(5, &t.Scope)
	c.unknown(&t.Unknown)
}

// WorkflowTarget is the run of a workflow by its key.
type WorkflowTarget struct {
	Workflow, Key string
	Scope         *string // since V7
	Unknown       []byte
}

func (t *WorkflowTarget) fields(c *coder) {
	c.string(1, &t.Workflow)
	c.string(2, &t.Key)
	c.optionalString(3, &t.Scope)
	c.unknown(&t.Unknown)
}
