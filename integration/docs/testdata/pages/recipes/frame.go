// Package recipes is the frame in which the tests compile the code of docs/recipes.md: see
// that of the README.
package recipes

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable/cron"
	"github.com/fxrestate/go/durable/ratelimit"
)

type Report struct{ To string }

type Reports struct {
	jobs   cron.Client
	limits ratelimit.Client
}

func NewReports(jobs cron.Client, limits ratelimit.Client) *Reports { return &Reports{jobs, limits} }

func (*Reports) Nightly(restate.Context, Report) error { return nil }

type Payments struct{}

func NewPayments() *Payments { return nil }
