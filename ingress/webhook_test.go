package ingress_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

var webhookSecret = []byte("whsec")

func sign(body string) string {
	mac := hmac.New(sha256.New, webhookSecret)
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// checkSignature is what a payment provider's documentation asks for.
func checkSignature(r *http.Request, body []byte) error {
	got, err := hex.DecodeString(r.Header.Get("X-Signature"))
	if err != nil {
		return err
	}
	if want, _ := hex.DecodeString(sign(string(body))); !hmac.Equal(got, want) {
		return errors.New("the signature does not match the secret whsec")
	}
	return nil
}

// eventID is the idempotency key of an event, since providers send it again until
// they are answered.
func eventID(_ *http.Request, body []byte) (string, error) {
	var event struct {
		ID string `json:"sku"`
	}
	if err := json.Unmarshal(body, &event); err != nil || event.ID == "" {
		return "", errors.New("the event has no id")
	}
	return event.ID, nil
}

func TestAWebhookIsVerifiedAndTakenOnce(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	cart := ingress.NewObject[*Cart](client).Key(testkit.NameOf(t))
	r := chi.NewRouter()
	r.With(ingress.Verify(1000, checkSignature)).Post("/webhooks/shop",
		ingress.Handler(cart, (*Cart).AddItem, &ingress.Route{Send: true, IdempotencyKey: eventID}))

	event := `{"sku":"evt_1","quantity":2}`
	for i := range 3 {
		w := request(t, r, http.MethodPost, "/webhooks/shop", event, "X-Signature", sign(event))
		require.Equal(t, http.StatusAccepted, w.Code, w.Body)
		require.Equal(t, i > 0, strings.Contains(w.Body.String(), "PreviouslyAccepted"))
	}
	total, err := ingress.Call(testkit.Context(t), cart, (*Cart).AddItem, Item{})
	require.NoError(t, err)
	require.Equal(t, 2, total, "the event counted once")

	for name, test := range map[string]struct {
		body, signature string
		status          int
		detail          string
	}{
		"no signature":      {event, "", 401, ""},
		"another signature": {event, sign("x"), 401, ""},
		"another body":      {strings.Replace(event, "2", "9", 1), sign(event), 401, ""},
		"no id":             {"{}", sign("{}"), 400, "the event has no id"},
		"too much":          {strings.Repeat("x", 1001), "", 413, "the body is larger than 1000 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			w := request(t, r, http.MethodPost, "/webhooks/shop", test.body, "X-Signature", test.signature)
			p := problemOf(t, w)
			require.Equal(t, test.status, p.Status)
			require.Equal(t, test.detail, p.Detail)
			require.NotContains(t, w.Body.String(), "whsec")
		})
	}
	total, err = ingress.Call(testkit.Context(t), cart, (*Cart).AddItem, Item{})
	require.NoError(t, err)
	require.Equal(t, 2, total)
}

func TestACheckMayChooseItsAnswer(t *testing.T) {
	t.Parallel()
	h := ingress.Verify(0, func(*http.Request, []byte) error {
		return &ingress.RequestError{Status: http.StatusForbidden, Detail: "too old"}
	})(http.NotFoundHandler())
	p := problemOf(t, request(t, h, http.MethodPost, "/", "x"))
	require.Equal(t, ingress.Problem{Status: 403, Title: "Forbidden", Detail: "too old"}, p)
}

func TestAWebhookWithoutACheckIsTurnedAway(t *testing.T) {
	t.Parallel()
	reached := false
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true })
	w := request(t, ingress.Verify(0, nil)(next), http.MethodPost, "/", `{}`)
	p := problemOf(t, w)
	require.Equal(t, http.StatusInternalServerError, p.Status)
	require.Equal(t, "ingress.Verify has no function that checks requests; give it one", p.Detail)
	require.False(t, reached)
}
