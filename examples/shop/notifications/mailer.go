package notifications

import (
	"context"
	"log/slog"
	"sync"
)

// Mail is a mail to a customer.
type Mail struct {
	To   string `json:"to"`
	Text string `json:"text"`
}

// Mailer delivers mails. A mail with the same id is the same mail. A real one is another
// system.
type Mailer struct {
	log *slog.Logger

	mu    sync.Mutex
	known map[string]bool
	mails []Mail
}

// NewMailer is the constructor of Mailer.
func NewMailer(log *slog.Logger) *Mailer { return &Mailer{log: log, known: map[string]bool{}} }

// Deliver delivers a mail, unless it has done so.
func (m *Mailer) Deliver(ctx context.Context, id string, mail Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.known[id] {
		m.known[id] = true
		m.mails = append(m.mails, mail)
		m.log.InfoContext(ctx, "mail delivered", "to", mail.To, "text", mail.Text)
	}
	return nil
}

// Texts returns what was written to a customer.
func (m *Mailer) Texts(to string) (texts []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mail := range m.mails {
		if mail.To == to {
			texts = append(texts, mail.Text)
		}
	}
	return texts
}
