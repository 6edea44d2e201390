package ratelimit_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"
	"golang.org/x/time/rate"

	"github.com/fxrestate/go/durable/ratelimit"
	"github.com/fxrestate/go/fxrestate"
)

// Imports is a service that calls a partner who allows five requests in a second.
type Imports struct{ partner ratelimit.Client }

func NewImports(limits ratelimit.Client) *Imports { return &Imports{limits} }

// Fetch waits for its turn.
func (i *Imports) Fetch(ctx restate.Context, id string) (string, error) {
	if err := i.partner.Bucket("partner", ratelimit.Rate{Limit: 5, Burst: 5}).Wait(ctx); err != nil {
		return "", err
	}
	return restate.Run(ctx, func(restate.RunContext) (string, error) { return "record " + id, nil })
}

// Routes limits requests before they are calls.
func Routes(limits ratelimit.Ingress) http.Handler {
	r := chi.NewRouter()
	perCustomer := limits.Middleware(ratelimit.Rate{Limit: 10, Burst: 20}, func(r *http.Request) string {
		return "api/" + r.Header.Get("X-Customer")
	})
	r.With(perCustomer).Get("/imports", func(http.ResponseWriter, *http.Request) {})
	return r
}

// A guard limits a service, and a bucket the calls of somebody else's.
func Example() {
	app := fx.New(
		fx.NopLogger,
		fxrestate.Module,
		fxrestate.RateLimits(),
		fxrestate.Service[*Imports](NewImports,
			fxrestate.Guards(ratelimit.Guard(ratelimit.Rate{Limit: rate.Every(time.Minute), Burst: 100}, ratelimit.PerHeader("x-tenant"))),
		),
		fx.Provide(Routes),
	)
	fmt.Println(app.Err())
	// Output: <nil>
}
