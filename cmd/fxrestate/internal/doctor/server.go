package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/compat"
)

// variables are those that say where a server is. The value of one that is secret is not
// shown.
var variables = []struct {
	name   string
	secret bool
}{
	{"RESTATE_ADMIN_URL", false},
	{"RESTATE_INGRESS_URL", false},
	{"RESTATE_HOST", false},
	{"RESTATE_HOST_SCHEME", false},
	{"RESTATE_ENVIRONMENT_ID", false},
	{"RESTATE_CLOUD_REGION", false},
	{"RESTATE_AUTH_TOKEN", true},
}

// configuration reads the settings and makes the client.
func (e *examination) configuration() (c Check) {
	defer func() { c.Name = "Configuration" }()
	err := e.configError
	if err == nil {
		e.client, err = admin.New(e.cfg.Admin)
	}
	if err != nil {
		c = Check{Status: Bad, Summary: "it cannot be read"}
		for _, err := range each(err) {
			c.add(Finding{Status: Bad, What: strings.TrimPrefix(err.Error(), "fxrestate: ")})
		}
		return c
	}
	var set []string
	for _, v := range variables {
		switch value := e.terminal.Getenv(v.name); {
		case value == "":
		case v.secret:
			set = append(set, v.name+" is set")
		default:
			set = append(set, v.name+"="+admin.RedactURL(value))
		}
	}
	if len(set) == 0 {
		return ok("the defaults: no RESTATE_… variable says where the server is")
	}
	return ok("%s", strings.Join(set, ", "))
}

// each returns the errors that are joined.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// adminAPI looks who answers at the address.
func (e *examination) adminAPI(ctx context.Context) Check {
	version, err := e.client.Version(ctx)
	if err == nil {
		e.version = version
		return ok("%s", e.client.URL())
	}
	return Check{
		Status: Unchecked, Summary: "there is none at " + e.client.URL(),
		Findings: []Finding{{Status: Unchecked, What: trimmed(err), Next: e.toReach(err)}},
	}
}

// toReach returns what to do where the admin API is not reached.
func (e *examination) toReach(err error) []string {
	var refused *admin.Error
	var away *admin.ConnectionError
	switch {
	case errors.As(err, &refused) && (refused.Status == 401 || refused.Status == 403):
		return []string{"export RESTATE_AUTH_TOKEN=…", e.next("doctor")}
	case errors.As(err, &away) && e.client.URL() == admin.DefaultURL:
		return []string{"fxrestate dev", "if the server is elsewhere, say where: fxrestate doctor --admin URL"}
	default:
		return []string{"fxrestate doctor --admin URL"}
	}
}

// serverVersion compares the version with the table.
func (e *examination) serverVersion(context.Context) Check {
	wanted, version := compat.Server(), e.version.Version
	summary := fmt.Sprintf("%s; works from %s on, tested with %s", version, wanted.Minimum, wanted.Tested)
	advice := wanted.Advice(version)
	switch wanted.Of(version) {
	case compat.Fits:
		return ok("%s", summary)
	case compat.TooOld:
		return bad(summary, "the server is too old for this version of fxrestate", advice)
	default:
		return Check{Status: Notice, Summary: summary, Findings: []Finding{{Status: Notice, What: advice}}}
	}
}

// How much a clock may differ: timers, retries and retentions are those of the server.
const (
	noticeable = time.Second
	harmful    = 30 * time.Second
)

// clock compares the server's clock with that of this machine.
func (e *examination) clock(ctx context.Context) Check {
	type row struct {
		Now string `json:"now"`
	}
	before := time.Now()
	rows, err := admin.Query[row](ctx, e.client, "SELECT now() AS now")
	took := time.Since(before)
	if err == nil && len(rows) != 1 {
		err = fmt.Errorf("the server has told %d times in place of one", len(rows))
	}
	if err != nil {
		return unchecked(err)
	}
	theirs, err := serverTime(rows[0].Now)
	if err != nil {
		return unchecked(err)
	}
	return judgeClock(theirs.Sub(before), took)
}

// serverTime reads a time as the server writes it, with or without a zone, which is UTC.
func serverTime(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05.999999999", text)
	}
	if err != nil {
		return at, fmt.Errorf("the server's time cannot be read: %w", err)
	}
	return at, nil
}

// judgeClock judges how far the server's clock was ahead when a question was sent that took
// some time: what may be on the way is no difference.
func judgeClock(ahead, took time.Duration) Check {
	off := ahead
	switch {
	case ahead > took:
		off -= took
	case ahead > 0:
		off = 0
	}
	which, by := "ahead of", off
	if off < 0 {
		which, by = "behind", -off
	}
	summary := fmt.Sprintf("the server's is %v %s that of this machine", by.Round(time.Millisecond), which)
	const next = "timedatectl status, here and on the server: both need NTP"
	switch {
	case by > harmful:
		return bad(summary, "timers, retries and times in logs do not fit together", next)
	case by > noticeable:
		return Check{Status: Notice, Summary: summary, Findings: []Finding{{Status: Notice, What: "times in logs do not fit together", Next: []string{next}}}}
	default:
		return ok("the server's is that of this machine")
	}
}

// partitions asks for something that each partition must answer: one without a leader, as
// while a node is away, makes it fail.
func (e *examination) partitions(ctx context.Context) Check {
	type row struct {
		Waiting int `json:"waiting"`
	}
	rows, err := admin.Query[row](ctx, e.client, "SELECT COUNT(*) AS waiting FROM sys_inbox")
	if err != nil || len(rows) != 1 {
		return bad("not all answer", trimmed(cmp.Or(err, errors.New("the server has not counted"))), "look at the logs of the server's nodes; during a start or the loss of a node this passes", e.next("doctor"))
	}
	if n := rows[0].Waiting; n > 0 {
		return ok("all answer; %s for others of their key", counted(n, "invocation waits", "invocations wait"))
	}
	return ok("all answer")
}

// trimmed returns the text of an error without the name of the package.
func trimmed(err error) string { return strings.TrimPrefix(err.Error(), "admin: ") }

// counted writes a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// listed writes a few of many.
func listed(all []string) string {
	const most = 5
	all = slices.Sorted(slices.Values(all))
	if len(all) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}
