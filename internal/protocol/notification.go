package protocol

// Notification is the completion of a command: one of the types that
// [Type.IsNotification] knows, but for signals.
type Notification struct {
	Of           Type // the type of the notification, such as TypeRunCompletion
	CompletionID uint32
	Result       Result
	Unknown      []byte
}

// Type returns the type of the notification.
func (m *Notification) Type() Type { return m.Of }

func (m *Notification) fields(c *coder) {
	c.uint32(1, &m.CompletionID)
	c.result(ofNotifications, &m.Result)
	c.unknown(&m.Unknown)
}

// SignalNotification is a signal that the invocation was sent.
type SignalNotification struct {
	Signal  Signal
	Result  Result
	Unknown []byte
}

func (m *SignalNotification) fields(c *coder) {
	c.signal(&m.Signal)
	c.result(ofNotifications, &m.Result)
	c.unknown(&m.Unknown)
}
