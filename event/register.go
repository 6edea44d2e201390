package event

import (
	"log/slog"
	"time"
)

// Registered tells that the endpoint was registered with Restate.
type Registered Deployment

func (e Registered) line() line {
	return line{slog.LevelInfo, "registered with Restate", Deployment(e).attrs()}
}

// Unchanged tells that the endpoint is registered already.
type Unchanged Deployment

func (e Unchanged) line() line {
	return line{slog.LevelInfo, "registered already", Deployment(e).attrs()}
}

// Deployment is what is registered.
type Deployment struct {
	ID, URL string
	// Created is true if the URL was new to the server.
	Created bool
	// Action and Reason say what was done and why: see deployment.Plan.
	Action, Reason string
	// Services of which new invocations go to the deployment.
	Services []string
}

func (d Deployment) attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("deployment", d.ID), slog.String("url", d.URL), slog.Bool("created", d.Created),
		slog.String("action", d.Action), slog.String("reason", d.Reason), slog.Any("services", d.Services),
	}
}

// Planned tells what a registration would do in mode deployment.DryRun.
type Planned struct {
	URL, Action, Reason string
	Changes             []string
}

func (e Planned) line() line {
	return line{slog.LevelInfo, "dry run: nothing is registered", []slog.Attr{
		slog.String("url", e.URL), slog.String("action", e.Action), slog.String("reason", e.Reason),
		slog.Any("changes", e.Changes),
	}}
}

// RetryingRegistration tells that a registration failed and is tried again. Of failures of
// one kind there are events at intervals that grow to five minutes.
type RetryingRegistration struct {
	// URL of the endpoint, and of the admin API without credentials.
	URL, AdminURL string
	Attempts      int
	Elapsed       time.Duration
	// Unreachable is true if the admin API did not respond.
	Unreachable bool
	Err         error
}

func (e RetryingRegistration) line() line {
	level, message := slog.LevelWarn, "registration failed, trying again"
	if e.Unreachable {
		level, message = slog.LevelInfo, "waiting for the Restate admin API"
	}
	return line{level, message, []slog.Attr{
		slog.String("url", e.URL), slog.String("admin", e.AdminURL), slog.Int("attempts", e.Attempts),
		slog.Duration("elapsed", e.Elapsed), slog.String("error", e.Err.Error()),
	}}
}

// Consequence is what an application does that is not registered.
type Consequence string

// The consequences of [NotRegistered].
const (
	// NeverRegisters is of an application whose configuration leaves the registration to
	// others. It is ready.
	NeverRegisters Consequence = "never registers"
	// FailsToStart is with deployment.Config.Required, or if the start was cancelled. The
	// log has the error that the start returns.
	FailsToStart Consequence = "fails to start"
	// KeepsTrying is of one that serves and keeps trying.
	KeepsTrying Consequence = "keeps trying"
	// HoldsInvocations is of one that keeps trying, and meanwhile answers all invocations
	// 503.
	HoldsInvocations Consequence = "holds invocations"
	// TriesLater is of one that was refused. It asks again after a pause.
	TriesLater Consequence = "tries later"
	// ServesAsRegistered is of one whose hook aborted the registration. It serves what is
	// registered already.
	ServesAsRegistered Consequence = "serves as registered"
)

// NotRegistered tells that the endpoint is not registered. While nothing changes it is told
// at pauses that grow to 5 minutes, however often the application tries.
type NotRegistered struct {
	Consequence Consequence
	// Err is why, or nil with NeverRegisters.
	Err error
	// Reason is what in the configuration says so, with NeverRegisters.
	Reason string
	// Pause is the time until the next try, with TriesLater.
	Pause time.Duration
}

func (e NotRegistered) line() line {
	why := []slog.Attr{slog.Any("error", e.Err)}
	switch e.Consequence {
	case NeverRegisters:
		return line{slog.LevelInfo, "not registered with Restate", []slog.Attr{slog.String("reason", e.Reason)}}
	case KeepsTrying:
		return line{slog.LevelWarn, "not registered; the application serves and keeps trying", why}
	case HoldsInvocations:
		return line{slog.LevelWarn, "not registered; the application answers all invocations 503 and keeps trying", why}
	case TriesLater:
		return line{slog.LevelError, "registration refused; trying again later", append(why, slog.Duration("pause", e.Pause))}
	case ServesAsRegistered:
		return line{slog.LevelError, "not registered; the application serves what is registered already", why}
	default:
		return line{}
	}
}
