package conformance_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/restatetest"
)

// scenario is what is done to the application from outside, and what its programs do.
type scenario struct {
	programs map[string]program
	run      func(s *session)
	// unordered is set where notifications come in an order that is left to chance.
	unordered bool
	// alone is set where the application is killed, which others use.
	alone bool
	// fails is set where attempts fail, and nobody waits for the next one.
	fails bool
}

// session is a scenario that runs on one of the two, and what has come of it.
type session struct {
	t      *testing.T
	env    *restatetest.Env
	name   string
	of     scenario
	replay bool
	lines  []string
	ids    []string // of invocations, as they have become known
	lost   []string // of invocations of which nothing is kept
	names  *names
}

// runOn runs a scenario and returns all that can be seen of it from outside.
func runOn(t *testing.T, env *restatetest.Env, name string, of scenario, replay bool) string {
	t.Helper()
	s := &session{t: t, env: env, name: name, of: of, replay: replay, names: &names{}}
	of.run(s)
	for i := 0; i < len(s.ids); i++ { // what they have called is found on the way
		s.invocation(s.ids[i])
	}
	return strings.Join(s.lines, "\n") + "\n"
}

func (s *session) note(format string, args ...any) {
	s.lines = append(s.lines, s.names.in(fmt.Sprintf(format, args...)))
}

// do is the input that runs a part.
func (s *session) do(part, with string) In { return In{s.name + "/" + part, with} }

// post posts JSON to a path of the ingress and notes the answer.
func (s *session) post(path string, in any, headers ...string) testkit.Answer {
	s.t.Helper()
	a, err := testkit.PostJSON(s.t.Context(), s.env.IngressURL()+path, in, headers...)
	return s.answered("POST "+path, a, err)
}

// request makes another request and notes the answer.
func (s *session) request(method, path string, body []byte, headers ...string) testkit.Answer {
	s.t.Helper()
	a, err := testkit.Exchange(s.t.Context(), method, s.env.IngressURL()+path, body, headers...)
	return s.answered(method+" "+path, a, err)
}

func (s *session) get(path string, headers ...string) testkit.Answer {
	s.t.Helper()
	return s.request(http.MethodGet, path, nil, headers...)
}

// call runs the program "" by a handler, and waits.
func (s *session) call(path, with string, headers ...string) testkit.Answer {
	s.t.Helper()
	return s.post(path, s.do("", with), headers...)
}

// send runs a program without waiting, and returns its id.
func (s *session) send(path, part, with string, headers ...string) string {
	s.t.Helper()
	a := s.post(path, s.do(part, with), headers...)
	require.Equal(s.t, http.StatusAccepted, a.Status, a.Text())
	return a.Header.Get(idHeader)
}

const idHeader = "X-Restate-Id"

// incidental are headers that the runner has its own of or none. It knows no other origins.
var incidental = []string{"Date", "Content-Length", "Vary", "Access-Control-Allow-Credentials", "Access-Control-Allow-Origin", "Access-Control-Allow-Methods"}

// spelled are headers whose values are compared.
var spelled = []string{"Content-Type", "X-Restate-Error-Source", "Retry-After", "Allow"}

func (s *session) answered(what string, a testkit.Answer, err error) testkit.Answer {
	s.t.Helper()
	require.NoError(s.t, err, what)
	// Only calls and sends make invocations.
	if id := a.Header.Get(idHeader); id != "" && !strings.Contains(what, " /restate/") {
		s.know(id)
	}
	var headers []string
	for name, values := range a.Header {
		switch {
		case slices.Contains(incidental, name):
		case slices.Contains(spelled, name):
			headers = append(headers, fmt.Sprintf("%s=%q", name, values))
		default:
			headers = append(headers, name)
		}
	}
	slices.Sort(headers)
	s.note("%s: %d %v\n    %s", what, a.Status, headers, shorten(aDecoding.ReplaceAll(a.Body, []byte("$1$2"))))
	return a
}

// shorten writes bytes for people.
func shorten(b []byte) string {
	if len(b) > 2000 {
		return fmt.Sprintf("%q… of %d bytes", b[:100], len(b))
	}
	return fmt.Sprintf("%q", b)
}

// know adds an invocation to those that are compared.
func (s *session) know(id string) {
	if !slices.Contains(s.ids, id) && !slices.Contains(s.lost, id) {
		s.ids = append(s.ids, id)
	}
}

// attach waits for the result of an invocation. When that expires is told only if it was
// there before, which is left to chance.
func (s *session) attach(id string) testkit.Answer {
	s.t.Helper()
	return s.attachTo("/restate/invocation/" + id + "/attach")
}

func (s *session) attachTo(what string) testkit.Answer {
	s.t.Helper()
	a, err := testkit.Exchange(s.t.Context(), http.MethodGet, s.env.IngressURL()+what, nil)
	a.Header.Del("Idempotency-Expires")
	return s.answered("GET "+what, a, err)
}

// gone says that nothing is kept of an invocation.
func (s *session) gone(id string) {
	s.t.Helper()
	s.ids = slices.DeleteFunc(s.ids, func(known string) bool { return known == id })
	s.lost = append(s.lost, id)
	s.eventually(http.StatusNotFound, "/restate/invocation/"+id+"/output")
}

func (s *session) await(id string, status ...admin.InvocationStatus) {
	s.t.Helper()
	s.env.Invocation(id).AwaitStatus(status...)
}

// names replaces what differs from run to run, by the order in which it comes.
type names struct{ seen []string }

var (
	anID        = regexp.MustCompile(`inv_1[0-9A-Za-z]{33}`)
	anAwakeable = regexp.MustCompile(`(?:prom|sign)_1[0-9A-Za-z_-]{38}`)
	aUUID       = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	aTime       = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)`)
	// What is wrong with a text is told by the server's libraries.
	aDecoding = regexp.MustCompile(`(invalid (?:lookup|request) body: |must be a ISO8601 duration: ).*(","source":)`)
	aPort     = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

func (n *names) in(text string) string {
	for kind, pattern := range map[string]*regexp.Regexp{"INV": anID, "AWAKEABLE": anAwakeable} {
		text = pattern.ReplaceAllStringFunc(text, func(id string) string {
			at := slices.Index(n.seen, id)
			if at < 0 {
				at = len(n.seen)
				n.seen = append(n.seen, id)
			}
			return fmt.Sprintf("%s%d", kind, at+1)
		})
	}
	text = aUUID.ReplaceAllString(text, "UUID")
	text = aTime.ReplaceAllString(text, "TIME")
	return aPort.ReplaceAllString(text, "ADDRESS")
}

// children waits until an invocation has called and sent so many, and returns their ids in
// the order of the commands.
func (s *session) children(id string, n int) (ids []string) {
	s.t.Helper()
	s.env.Eventually(func() error {
		type child struct {
			completion uint32
			id         string
		}
		var all []child
		for _, e := range s.env.Invocation(id).Journal() {
			if m, ok := s.decode(e).(*protocol.Notification); ok && m.Result.Kind == protocol.ResultInvocationID {
				all = append(all, child{m.CompletionID, m.Result.InvocationID})
			}
		}
		if len(all) < n {
			return fmt.Errorf("%d children of %d", len(all), n)
		}
		slices.SortFunc(all, func(a, b child) int { return cmp.Compare(a.completion, b.completion) })
		ids = nil
		for _, c := range all {
			ids = append(ids, c.id)
		}
		return nil
	})
	return ids
}

// told waits for the result of a step, a text.
func (s *session) told(id, step string) (value string) {
	s.t.Helper()
	s.env.Invocation(id).AwaitEntry("Notification: Run")
	for _, e := range s.env.Invocation(id).Journal() {
		if m, ok := s.decode(e).(*protocol.Notification); ok && m.Of == protocol.TypeRunCompletion {
			require.NoError(s.t, json.Unmarshal(m.Result.Value.Content, &value))
			return value
		}
	}
	s.t.Fatalf("there is no step %s", step)
	return ""
}

// eventually gets a path until the answer has a status, and notes that answer.
func (s *session) eventually(status int, path string) {
	s.t.Helper()
	s.env.Eventually(func() error {
		a, err := testkit.Exchange(s.t.Context(), http.MethodGet, s.env.IngressURL()+path, nil)
		if err == nil && a.Status != status {
			err = fmt.Errorf("the answer is %d: %s", a.Status, a.Body)
		}
		return err
	})
	s.get(path)
}
