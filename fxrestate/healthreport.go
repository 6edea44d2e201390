package fxrestate

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/wayout"
)

// healthReport is the body of [Health.ReportHandler].
type healthReport struct {
	Ready bool `json:"ready"`
	Live  bool `json:"live"`
	// Reason is why it is not ready, or not live.
	Reason           string            `json:"reason,omitempty"`
	Stuck            []stuckInvocation `json:"stuck"`
	StuckUnknown     string            `json:"stuck_unknown,omitempty"`
	StuckMayBeOthers bool              `json:"stuck_may_be_others,omitempty"`
}

// stuckInvocation is an invocation that does not proceed by itself. It is without its key,
// which may be personal data.
type stuckInvocation struct {
	ID          string                 `json:"id"`
	Handler     string                 `json:"handler"`
	Status      admin.InvocationStatus `json:"status"`
	Attempts    int                    `json:"attempts,omitempty"`
	NextAttempt *time.Time             `json:"next_attempt,omitempty"`
	Failure     string                 `json:"last_failure,omitempty"`
	FailureCode string                 `json:"last_failure_code,omitempty"`
	WayOut      string                 `json:"way_out"`
}

// ReportHandler responds with a JSON object for people and alarms, always with 200:
//
//	{
//	  "ready": true, "live": true,
//	  "stuck": [{
//	    "id": "inv_…", "handler": "Payments/Charge", "status": "paused",
//	    "last_failure": "[500] no paper in the printer",
//	    "way_out": "mend the cause, then: fxrestate invocations resume inv_…"
//	  }]
//	}
//
// An application that is not ready or not live has the error as "reason". The list is that
// of [Health.Stuck], with its bounds: "stuck_may_be_others" is true where it is full, and
// "stuck_unknown" has the error where the admin API did not answer. Failures that are
// retried have "attempts" and "next_attempt". It shows texts of handlers' errors and
// addresses: mount it on a private port.
func (h *Health) ReportHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(h.report(r.Context()))
	})
}

func (h *Health) report(ctx context.Context) healthReport {
	report := healthReport{Live: h.Live() == nil, Stuck: []stuckInvocation{}}
	ready := h.Ready()
	if report.Ready = ready == nil; !report.Ready {
		report.Reason = ready.Error()
	}
	found, err := h.Stuck(ctx)
	if err != nil {
		report.StuckUnknown = err.Error()
	}
	report.StuckMayBeOthers = len(found) == stuckLimit
	for _, i := range found {
		stuck := stuckInvocation{
			ID: i.ID, Handler: i.Service + "/" + i.Handler, Status: i.Status, Attempts: i.RetryCount,
			Failure: i.LastFailure, FailureCode: i.LastFailureCode, WayOut: wayout.Of(i),
		}
		if !i.NextRetryAt.IsZero() {
			stuck.NextAttempt = &i.NextRetryAt
		}
		report.Stuck = append(report.Stuck, stuck)
	}
	return report
}
