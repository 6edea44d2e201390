package protocol

// GetLazyState asks the server for the value of a key.
type GetLazyState struct {
	Key          []byte
	CompletionID uint32
	Name         string
	Unknown      []byte
}

func (m *GetLazyState) fields(c *coder) {
	c.bytes(1, &m.Key)
	c.uint32(11, &m.CompletionID)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// GetEagerState notes the value of a key that the handler knew: void if there is none.
type GetEagerState struct {
	Key     []byte
	Name    string
	Result  Result
	Unknown []byte
}

func (m *GetEagerState) fields(c *coder) {
	c.bytes(1, &m.Key)
	c.string(12, &m.Name)
	c.result(places{void: 13, value: 14}, &m.Result)
	c.unknown(&m.Unknown)
}

// GetLazyStateKeys asks the server for the keys.
type GetLazyStateKeys struct {
	CompletionID uint32
	Name         string
	Unknown      []byte
}

func (m *GetLazyStateKeys) fields(c *coder) {
	c.uint32(11, &m.CompletionID)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// GetEagerStateKeys notes the keys, which the handler knew.
type GetEagerStateKeys struct {
	Name    string
	Value   *StateKeys
	Unknown []byte
}

func (m *GetEagerStateKeys) fields(c *coder) {
	c.string(12, &m.Name)
	optional(c, 14, &m.Value)
	c.unknown(&m.Unknown)
}

// SetState sets the value of a key.
type SetState struct {
	Key     []byte
	Value   *Value
	Name    string
	Unknown []byte
}

func (m *SetState) fields(c *coder) {
	c.bytes(1, &m.Key)
	optional(c, 3, &m.Value)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// ClearState removes a key.
type ClearState struct {
	Key     []byte
	Name    string
	Unknown []byte
}

func (m *ClearState) fields(c *coder) {
	c.bytes(1, &m.Key)
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}

// ClearAllState removes all keys.
type ClearAllState struct {
	Name    string
	Unknown []byte
}

func (m *ClearAllState) fields(c *coder) {
	c.string(12, &m.Name)
	c.unknown(&m.Unknown)
}
