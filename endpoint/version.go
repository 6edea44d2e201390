package endpoint

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fxrestate/go/internal/manifest"
)

// Version gives an endpoint a URL of its own for each version of the application:
// everything is served below "/v/<Name>", and that is the path to register. Restate pins
// an invocation to the URL on which it began, so processes of several versions may stand
// behind one address, and no invocation goes on with the code of another version.
//
// A process answers requests of other versions 503 with Retry-After. Restate then comes
// back one or two seconds later, at whichever process the address leads to, and counts no attempt
// of the retry policy. Its log and its tables show the status only; the log of the process
// names both versions. Processes of the old version must run until no invocation is
// pinned to it: without one, its invocations wait. Then its deployment can be deleted.
//
// A balancer of connections, such as a Service of Kubernetes, sends all requests of a
// connection to one process. So such a 503 ends its connection, about every second time.
// A gateway that routes by path avoids the waiting. It may ask GET /v/<Name>/health,
// which a process answers 200 if it serves invocations of the version, and else 503.
//
// An endpoint without a Version is at the URL without a path, and refuses those of all
// versions alike. So the first rollout of a version, and a rollback to a build without
// one, are as safe.
type Version struct {
	// Name is a version of the code, such as the id of a build, a git commit or
	// "2.1.0": up to 100 letters, digits and "-._~". Or [ByInterface]. Default: "", the
	// endpoint serves what is registered without a version.
	Name string
	// Compatible are versions whose invocations this one may go on with, by name, or
	// [Unversioned]. What a journal of theirs holds must be what the handlers here
	// would do. Their discovery is refused nevertheless: to answer it would register
	// this version's handlers under their URL. Remove those that have drained.
	// Default: none.
	Compatible []string
}

const (
	// ByInterface as a [Version]'s Name takes the first 12 hex digits of the hash of
	// the interface: of the names, kinds, schemas and options of services and handlers.
	// It does not tell versions of which only the code of handlers differs.
	ByInterface = "interface"
	// Unversioned in [Version].Compatible stands for requests without "/v/<Name>":
	// those of a deployment that was registered before the endpoint had a version.
	Unversioned = "unversioned"
)

const (
	versionURI     = "/v/"
	maxVersionName = 100
	hashDigits     = 12
)

// validate reports fields out of their bounds.
func (v Version) validate(mode Mode, bad func(field string, value any, bound string)) {
	switch {
	case v.Name == "":
		if len(v.Compatible) > 0 {
			bad("Version.Compatible", v.Compatible, "it needs a Version.Name")
		}
	case mode == Lambda:
		bad("Version.Name", v.Name, fmt.Sprintf("it must be empty in mode %q, whose functions have versions of their own", Lambda))
	case v.Name != ByInterface && !isVersionName(v.Name):
		bad("Version.Name", v.Name, versionBound+fmt.Sprintf(", or %q; %q is reserved", ByInterface, Unversioned))
	}
	for i, name := range v.Compatible {
		if name != Unversioned && !isVersionName(name) {
			bad(fmt.Sprintf("Version.Compatible[%d]", i), name, versionBound+fmt.Sprintf(", or %q; %q is reserved", Unversioned, ByInterface))
		}
	}
}

var versionBound = fmt.Sprintf("it must be of up to %d letters, digits and \"-._~\", and no dots alone", maxVersionName)

// isVersionName reports whether a path segment names a version. Such a segment is the
// same before and after any encoding and cleaning of the path.
func isVersionName(s string) bool {
	if s == "" || len(s) > maxVersionName || s == ByInterface || s == Unversioned {
		return false
	}
	for _, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (c < '0' || c > '9') && !strings.ContainsRune("-._~", rune(c)) {
			return false
		}
	}
	return strings.Trim(s, ".") != ""
}

// versions tells requests of the endpoint's version from those of others.
type versions struct {
	own        atomic.Pointer[string] // Unversioned without one; nil before the start of one ByInterface
	compatible []string
}

func (v *versions) init(cfg Version) {
	v.compatible = cfg.Compatible
	if cfg.Name != ByInterface {
		own := cmp.Or(cfg.Name, Unversioned)
		v.own.Store(&own)
	}
}

// cut splits a target into the version that it is of, and the target for that.
func (*versions) cut(uri string) (version, rest string) {
	if below, ok := strings.CutPrefix(uri, versionURI); ok {
		name, _, _ := strings.Cut(below, "/")
		if isVersionName(name) {
			return name, below[len(name):]
		}
	}
	return Unversioned, uri
}

// refusal says why a request of a version is not for this process, or nil.
func (v *versions) refusal(version, uri string) *refusal {
	own := v.own.Load()
	switch {
	case own == nil:
		return other("it is not started, and has no version yet")
	case version == *own:
		return nil
	case uri != discoverURI && slices.Contains(v.compatible, version):
		return nil
	case version == Unversioned:
		return other(fmt.Sprintf("it serves version %q below %s, and not what is registered without a version", *own, versionURI+*own))
	case *own == Unversioned:
		return other(fmt.Sprintf("it serves no version, and not %q", version))
	default:
		return other(fmt.Sprintf("it serves version %q, and not %q", *own, version))
	}
}

// other refuses a request for one or two seconds, by chance: two that met each other's
// process would else meet it again, behind an address where processes take turns.
func other(reason string) *refusal {
	after := retryAfter + time.Duration(rand.IntN(2))*time.Second
	return &refusal{status: http.StatusServiceUnavailable, reason: reason, after: after}
}

// isInvoke reports whether a target has the form of an invocation's: another version may
// have handlers that this one does not know.
func isInvoke(uri string) bool {
	target, ok := strings.CutPrefix(uri, invokeURI)
	service, handler, both := strings.Cut(target, "/")
	return ok && both && service != "" && handler != "" && !strings.ContainsAny(handler, "/?")
}

// VersionPath returns the path that everything is served below, "/v/<Name>", for the URL
// that is registered. It is "" if the endpoint has no version. A version [ByInterface] is
// known after Start.
func (e *Endpoint) VersionPath() string {
	own := e.versions.own.Load()
	if own == nil || *own == Unversioned {
		return ""
	}
	return versionURI + *own
}

// findVersion names a version ByInterface.
func (e *Endpoint) findVersion(ctx context.Context) error {
	if e.versions.own.Load() != nil {
		return nil
	}
	answer, err := e.Manifest(ctx)
	if err != nil {
		return fmt.Errorf("endpoint: Version: %w", err)
	}
	described, err := manifest.Parse(answer)
	if err != nil {
		return fmt.Errorf("endpoint: Version: %w", err)
	}
	_, hash, _ := strings.Cut(described.InterfaceHash(), ":")
	name := hash[:hashDigits]
	e.versions.own.Store(&name)
	return nil
}
