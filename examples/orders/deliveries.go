package main

import (
	"context"
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

// signatureHeader has the carrier's signature of a webhook.
const signatureHeader = "X-Carrier-Signature"

// Carrier collects parcels, and calls back with signed webhooks. A real one is
// another system that shares the secret.
type Carrier struct {
	log    *slog.Logger
	secret []byte
}

// NewCarrier is the constructor of Carrier.
func NewCarrier(log *slog.Logger) *Carrier { return &Carrier{log, []byte(rand.Text())} }

// PickUp collects the parcel of an order.
func (c *Carrier) PickUp(ctx context.Context, order string) error {
	c.log.InfoContext(ctx, "parcel picked up", "order", order)
	return nil
}

// Sign returns the signature of a webhook's body.
func (c *Carrier) Sign(body []byte) string {
	mac := hmac.New(sha256.New, c.secret)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Check returns an error for a request that the carrier did not sign. It is for
// ingress.Verify.
func (c *Carrier) Check(r *http.Request, body []byte) error {
	if !hmac.Equal([]byte(r.Header.Get(signatureHeader)), []byte(c.Sign(body))) {
		return errors.New("the carrier has not signed this")
	}
	return nil
}

// Delivery is the body of the carrier's webhook.
type Delivery struct {
	Event string `json:"event"` // an id: a repeated webhook has the same one
	Order string `json:"order"`
	Door  string `json:"door"`
}

// eventID returns the idempotency key of a webhook.
func eventID(_ *http.Request, body []byte) (string, error) {
	var d Delivery
	if err := json.Unmarshal(body, &d); err != nil || d.Event == "" {
		return "", errors.New("the delivery has no event id")
	}
	return d.Event, nil
}

// Deliveries is a service that passes the carrier's webhooks to the orders.
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
