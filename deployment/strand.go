package deployment

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxrestate/go/admin"
)

// probeTimeout limits the look at a port of an earlier process.
const probeTimeout = 500 * time.Millisecond

// maxStranded limits the deployments that are named, and those that are probed at a time.
const maxStranded = 20

// strandTimeout limits the look for stranded invocations, which may not keep a start from
// its end.
const strandTimeout = 3 * time.Second

// Stranded is a deployment of this application, at another port of the same URL, with
// invocations in flight and nobody who listens: the server keeps trying them there.
type Stranded struct {
	DeploymentID string           `json:"deployment_id"`
	URL          string           `json:"url"`
	InFlight     []admin.InFlight `json:"in_flight"`
	// Same is true if its interface is that of this application.
	Same bool `json:"same_interface"`
}

// String names the deployment and the handlers.
func (s Stranded) String() string {
	return fmt.Sprintf("stranded: %s at %s, where nobody listens: %s", s.DeploymentID, s.URL, inFlightText(s.InFlight))
}

// stranded looks for deployments that this application left at other ports. Only an
// endpoint on a port that the system chooses leaves any.
func (r *run) stranded(ctx context.Context, list []admin.DeploymentSummary) ([]Stranded, error) {
	if !strings.Contains(r.config.URL, PortPlaceholder) {
		return nil, nil
	}
	elsewhere := r.anyPort()
	left := map[string]admin.DeploymentSummary{}
	for _, d := range list {
		if r.sameApplication(d) && d.URI != r.url && elsewhere.MatchString(d.URI) {
			left[d.ID] = d
		}
	}
	if len(left) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, strandTimeout)
	defer cancel()
	rows, err := r.inFlight(ctx, slices.Sorted(maps.Keys(left))...)
	if err != nil {
		return nil, err
	}
	var found []Stranded
	for id, rows := range grouped(rows) {
		d := left[id]
		found = append(found, Stranded{DeploymentID: id, URL: d.URI, InFlight: rows, Same: d.Metadata[InterfaceHashKey] == r.metadata[InterfaceHashKey]})
	}
	var out []Stranded
	for some := range slices.Chunk(found, maxStranded) {
		lives := make([]bool, len(some))
		var probes sync.WaitGroup
		for i, s := range some {
			probes.Go(func() { lives[i] = listens(ctx, s.URL, elsewhere.FindStringSubmatch(s.URL)[1]) })
		}
		probes.Wait()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for i, s := range some {
			if !lives[i] && len(out) < maxStranded {
				out = append(out, s)
			}
		}
		if len(out) == maxStranded {
			break
		}
	}
	return out, nil
}

// grouped yields the rows of each deployment. They are sorted by deployment.
func grouped(rows []admin.InFlight) iter.Seq2[string, []admin.InFlight] {
	return func(yield func(string, []admin.InFlight) bool) {
		for len(rows) > 0 {
			n := 1
			for n < len(rows) && rows[n].DeploymentID == rows[0].DeploymentID {
				n++
			}
			if !yield(rows[0].DeploymentID, rows[:n]) {
				return
			}
			rows = rows[n:]
		}
	}
}

// move moves stranded deployments here if the configuration says so, and logs the others.
func (r *run) move(ctx context.Context, stranded []Stranded) (moved bool, err error) {
	for _, s := range stranded {
		attrs := []slog.Attr{
			slog.String("deployment", s.DeploymentID), slog.String("url", s.URL),
			slog.Int("invocations", count(s.InFlight)), slog.String("handlers", inFlightText(s.InFlight)),
		}
		if !r.config.MoveStranded || !s.Same {
			way := "fix the port of the endpoint, and move the deployment: set MoveStranded, or PATCH /deployments/" + s.DeploymentID + " with the new uri"
			if !s.Same {
				way = "its interface differs from this one: start a process of that version at its port, or kill the invocations"
			}
			if r.once(s.DeploymentID) {
				r.log.LogAttrs(ctx, slog.LevelWarn, "invocations are in flight at a port where nobody listens", append(attrs, slog.String("way out", way))...)
			}
			continue
		}
		if _, err := r.client.UpdateDeployment(ctx, s.DeploymentID, admin.UpdateDeploymentRequest{URI: r.url}); err != nil {
			return moved, err
		}
		moved = true
		r.log.LogAttrs(ctx, slog.LevelInfo, "moved a deployment of an earlier process here", append(attrs, slog.String("to", r.url))...)
	}
	return moved, nil
}

// anyPort matches the URL of the endpoint with any port, which is its first group, and
// below any version's path.
func (r *run) anyPort() *regexp.Regexp {
	parts := strings.Split(strings.TrimRight(listedURL(r.config.URL), "/"), PortPlaceholder)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, "([0-9]+)") + "(/v/[^/]+)?/?$")
}

// listens reports whether somebody accepts connections at the port of an earlier process.
// It was one on this machine, since {{port}} is a port of this machine's. So it is looked
// for here too: the host of the URL may be known to the server only, or be a tunnel's.
func listens(ctx context.Context, raw, port string) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	here := net.JoinHostPort("127.0.0.1", port)
	addresses := []string{here, net.JoinHostPort("::1", port)}
	if u, err := url.Parse(raw); err == nil && u.Port() == port {
		addresses = append(addresses, u.Host)
	}
	answers := make(chan bool, len(addresses))
	for _, address := range addresses {
		go func() {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
			if err == nil {
				_ = conn.Close()
			}
			// A port of this machine refuses at once if nobody listens.
			answers <- err == nil || address == here && ctx.Err() != nil
		}()
	}
	for range addresses {
		if <-answers {
			return true
		}
	}
	return false
}
