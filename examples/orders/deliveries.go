package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	restate "github.com/restatedev/sdk-go"
)

// signatureHeader is where the carrier signs its webhooks.
const signatureHeader = "X-Carrier-Signature"

// Carrier takes parcels away, and calls back with signed webhooks. A real one is
// elsewhere, and shares the secret.
type Carrier struct {
	log    *slog.Logger
	secret []byte
}

// NewCarrier is the constructor of Carrier.
func NewCarrier(log *slog.Logger) *Carrier { return &Carrier{log, []byte(rand.Text())} }

// PickUp takes the parcel of an order away.
func (c *Carrier) PickUp(order string) error {
	c.log.Info("parcel picked up", "order", order)
	return nil
}

// Sign returns the signature of a webhook's body.
func (c *Carrier) Sign(body []byte) string {
	mac := hmac.New(sha256.New, c.secret)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Check reports a request that the carrier did not sign. It is for ingress.Verify.
func (c *Carrier) Check(r *http.Request, body []byte) error {
	if !hmac.Equal([]byte(r.Header.Get(signatureHeader)), []byte(c.Sign(body))) {
		return errors.New("the carrier has not signed this")
	}
	return nil
}

// Delivery is what the carrier's webhook says.
type Delivery struct {
	Event string `json:"event"` // an id, the same when it is sent again
	Order string `json:"order"`
	Door  string `json:"door"`
}

// eventID is the idempotency key of a webhook.
func eventID(_ *http.Request, body []byte) (string, error) {
	var d Delivery
	if err := json.Unmarshal(body, &d); err != nil || d.Event == "" {
		return "", errors.New("the delivery has no event id")
	}
	return d.Event, nil
}

// Deliveries is a service that hands the carrier's news to the orders.
type Deliveries struct{ orders OrdersClient }

// NewDeliveries is the constructor of Deliveries.
func NewDeliveries(orders OrdersClient) *Deliveries { return &Deliveries{orders} }

// Record tells an order that its parcel was delivered.
func (d *Deliveries) Record(ctx restate.Context, in Delivery) error {
	if in.Order == "" {
		return refuse(http.StatusUnprocessableEntity, "the delivery names no order")
	}
	return d.orders.ID(in.Order).Delivered(ctx, in.Door)
}
