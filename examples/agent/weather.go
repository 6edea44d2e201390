package main

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// City is the input of [Weather]. A model reads the description.
type City struct {
	City string `json:"city" jsonschema:"description=the name of the city in English"`
}

// Report is the weather of a city.
type Report struct {
	City    string `json:"city"`
	Sky     string `json:"sky"`
	Celsius int    `json:"celsius"`
}

// Station knows the weather. A real one is another system.
type Station interface {
	Read(ctx context.Context, city string) (Report, error)
}

// readStation is a step of Weather.
var readStation = durable.NewStep[Report]("read-station")

// Weather is a service that knows the weather.
type Weather struct{ station Station }

// NewWeather is the constructor of Weather.
func NewWeather(station Station) *Weather { return &Weather{station} }

// Now returns the weather of a city. It waits for a station that is down, and refuses a
// city that does not exist.
func (w *Weather) Now(ctx restate.Context, in City) (Report, error) {
	return readStation.Run(ctx, func(ctx context.Context) (Report, error) { return w.station.Read(ctx, in.City) })
}
