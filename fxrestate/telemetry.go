package fxrestate

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/telemetry"
)

// Telemetry makes OpenTelemetry spans and metrics of all handlers of the application: see
// package telemetry for what they are. It takes a telemetry.Config, or a constructor of
// one:
//
//	fxrestate.Telemetry(func(tp *sdktrace.TracerProvider, mp *sdkmetric.MeterProvider) telemetry.Config {
//		return telemetry.Config{TracerProvider: tp, MeterProvider: mp}
//	})
//
// Its members run outside all others, so that these have the span in their contexts. The
// *ingress.Client sends the trace context of its callers. The gauge
// restate.application.ready is what [Health.Ready] says. Without Telemetry, and with a zero
// Config, nothing of that is there. The application starts its providers and shuts them
// down: with a stop hook of the constructor that makes them, that is after the drain.
func Telemetry(config any) fx.Option {
	position := caller()
	if ready, ok := config.(telemetry.Config); ok {
		config = func() telemetry.Config { return ready }
	}
	if err := checkConstructor(config, reflect.TypeFor[telemetry.Config]()); err != nil {
		return ownOption{fx.Options(needModule("Telemetry", position), reportMistake("Telemetry (%s): %w", position, err))}
	}
	return ownOption{fx.Module("fxrestate.Telemetry",
		needModule("Telemetry", position),
		provide(config, fx.Private),
		fx.Provide(func(cfg telemetry.Config) (observedOut, error) {
			t, err := telemetry.New(cfg)
			return observedOut{Observed: observed{t, position}}, err
		}),
	)}
}

// observed is a call of [Telemetry].
type observed struct {
	telemetry *telemetry.Telemetry
	position  string
}

// observedOut puts it into the value group of all.
type observedOut struct {
	fx.Out

	Observed observed `group:"fxrestate.telemetry"`
}

// onlyTelemetry returns the telemetry of the application, which observes nothing if there
// is none.
func onlyTelemetry(list []observed) (*telemetry.Telemetry, error) {
	switch len(list) {
	case 0:
		return &telemetry.Telemetry{}, nil
	case 1:
		return list[0].telemetry, nil
	}
	positions := make([]string, len(list))
	for i, o := range list {
		positions[i] = o.position
	}
	return &telemetry.Telemetry{}, fmt.Errorf("fxrestate: Telemetry is listed %d times (%s); list it once, each span and value would be there twice", len(list), strings.Join(positions, ", "))
}

// tracing returns a copy of the HTTP client for the ingress that sends the trace context.
func tracing(given *http.Client, t *telemetry.Telemetry) *http.Client {
	client := new(http.Client)
	if given != nil {
		*client = *given
	}
	if client.Transport == nil {
		client.Transport = ingress.NewTransport()
	}
	client.Transport = t.Transport(client.Transport)
	return client
}
