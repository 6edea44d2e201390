package main

import (
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Parcel is the value of a record of the topic parcels. The key of the record is the id of
// the parcel.
type Parcel struct {
	To string `json:"to"`
}

// Location is the value of a record of the topic locations, whose key is the id of a parcel.
type Location struct {
	At    time.Time `json:"at"`
	Place string    `json:"place"`
}

// Delivery is what is known of a parcel.
type Delivery struct {
	Parcel    *Parcel    `json:"parcel,omitempty"`
	Locations []Location `json:"locations"`
}

// latest is how many locations of a parcel are kept.
const latest = 20

var delivery = durable.NewStateKey[Delivery]("delivery")

// DeliveryTracker is a virtual object: one parcel. It joins the events of two topics,
// between which there is no order: the first location of a parcel may be there before the
// parcel is.
type DeliveryTracker struct{}

// NewDeliveryTracker is the constructor of DeliveryTracker.
func NewDeliveryTracker() *DeliveryTracker { return &DeliveryTracker{} }

// Register says whose parcel it is.
func (*DeliveryTracker) Register(ctx restate.ObjectContext, p Parcel) error {
	now, err := delivery.Get(ctx)
	if err != nil {
		return err
	}
	now.Parcel = &p
	return delivery.Set(ctx, now)
}

// SetLocation adds where the parcel is. A record that is delivered a second time changes
// nothing.
func (*DeliveryTracker) SetLocation(ctx restate.ObjectContext, l Location) error {
	if l.At.IsZero() || l.Place == "" {
		return refuse(http.StatusUnprocessableEntity, "the location needs a time and a place")
	}
	now, err := delivery.Get(ctx)
	if err != nil {
		return err
	}
	if n := len(now.Locations); n > 0 && !l.At.After(now.Locations[n-1].At) {
		return nil
	}
	now.Locations = append(now.Locations, l)
	now.Locations = now.Locations[max(0, len(now.Locations)-latest):]
	return delivery.Set(ctx, now)
}

// Track returns what is known of the parcel, or fails with 404 while it is not registered.
func (*DeliveryTracker) Track(ctx restate.ObjectSharedContext) (Delivery, error) {
	now, err := delivery.Get(ctx)
	if err == nil && now.Parcel == nil {
		err = refuse(http.StatusNotFound, "there is no such parcel")
	}
	return now, err
}
