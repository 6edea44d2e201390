package cron_test

import (
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable/cron"
	"github.com/fxrestate/go/fxrestate"
)

// Mails sends mails.
type Mails struct{ jobs cron.Client }

func NewMails(jobs cron.Client) *Mails { return &Mails{jobs} }

// Digest sends a digest.
func (*Mails) Digest(ctx restate.Context, to string) error { return nil }

// Subscribe has a digest sent to somebody each morning, and returns when the first one is.
func (m *Mails) Subscribe(ctx restate.Context, to string) (time.Time, error) {
	info, err := m.jobs.Set(ctx, "0 7 * * * Europe/Berlin", cron.CallVoid((*Mails).Digest, to), cron.Name("digest/"+to))
	return info.Next, err
}

// Unsubscribe ends that.
func (m *Mails) Unsubscribe(ctx restate.Context, to string) error {
	return m.jobs.Cancel(ctx, "digest/"+to)
}

// A program declares the jobs that it always has, and handlers set others.
func Example() {
	app := fx.New(
		fx.NopLogger,
		fxrestate.Module,
		fxrestate.Cron(),
		fxrestate.Service[*Mails](NewMails),
		fxrestate.Every("0 3 * * mon-fri Europe/Berlin", cron.CallVoid((*Mails).Digest, "team@example.org"),
			cron.Jitter(10*time.Minute), cron.RunNone),
	)
	fmt.Println(app.Err())
	// Output: <nil>
}

// A mistake in a job is an error of fx.New, with its place and what to write instead.
func Example_mistake() {
	app := fx.New(
		fx.NopLogger,
		fxrestate.Module,
		fxrestate.Cron(),
		fxrestate.Service[*Mails](NewMails),
		fxrestate.Every("0 3 31 2 *", cron.CallVoid((*Mails).Digest, "team@example.org")),
	)
	for _, problem := range fxrestate.Problems(app.Err()) {
		fmt.Println(problem)
	}
	// Output: fxrestate: Every (example_test.go:54): cron: the expression "0 3 31 2 *": it never runs; check its day and month
}

func ExampleParse() {
	schedule, err := cron.Parse("30 2 * * * Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	next := time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC)
	for range 3 {
		next = schedule.Next(next)
		fmt.Println(next)
	}
	// On the 29th, clocks are set forward from 2:00 to 3:00.

	// Output:
	// 2026-03-28 02:30:00 +0100 CET
	// 2026-03-29 03:00:00 +0200 CEST
	// 2026-03-30 02:30:00 +0200 CEST
}
