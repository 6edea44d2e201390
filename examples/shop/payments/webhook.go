package payments

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
)

// SignatureHeader has the bank's signature of a webhook.
const SignatureHeader = "X-Bank-Signature"

// The types of events.
const (
	Settled = "charge.settled"
	Failed  = "charge.failed"
)

// Event is the body of the bank's webhook.
type Event struct {
	ID    string `json:"id"` // a repeated webhook has the same one
	Type  string `json:"type"`
	Order string `json:"order"`
}

// EventID returns the idempotency key of a webhook.
func EventID(_ *http.Request, body []byte) (string, error) {
	var e Event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" {
		return "", errors.New("the event has no id")
	}
	return e.ID, nil
}

// Signature is the secret that the bank shares with the shop.
type Signature struct{ secret []byte }

// NewSignature is the constructor of Signature.
func NewSignature() *Signature { return &Signature{[]byte(rand.Text())} }

// Of returns the signature of a webhook's body.
func (s *Signature) Of(body []byte) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Check returns an error for a request that the bank did not sign. It is for ingress.Verify.
func (s *Signature) Check(r *http.Request, body []byte) error {
	if !hmac.Equal([]byte(r.Header.Get(SignatureHeader)), []byte(s.Of(body))) {
		return errors.New("the bank has not signed this")
	}
	return nil
}
