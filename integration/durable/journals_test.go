package durable_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

var record = flag.Bool("record", false, "record the journals in testdata again, on a server")

// journaled has a handler for each operation that journals something under a name, or
// with a content, of the framework. Most of them end with a timer, so that a replay has
// all of the rest.
type journaled struct{}

var pinnedStep = durable.NewStep[int]("step")

func (journaled) Now(ctx restate.Context) (time.Time, error) {
	now, err := durable.Now(ctx)
	if err != nil {
		return now, err
	}
	return now, restate.Sleep(ctx, time.Millisecond)
}

func (journaled) OrTimeout(ctx restate.Context) (string, error) {
	_, err := durable.After(ctx, time.Hour).OrTimeout(ctx, time.Millisecond).Await(ctx)
	if !durable.IsTimeout(err) {
		return "", err
	}
	return err.Error(), restate.Sleep(ctx, time.Millisecond)
}

func (journaled) Step(ctx restate.Context) (int, error) {
	n, err := pinnedStep.Run(ctx, func(context.Context) (int, error) { return 7, nil })
	if err != nil {
		return n, err
	}
	return n, restate.Sleep(ctx, time.Millisecond)
}

func (journaled) Saga(ctx restate.Context) (string, error) {
	failure := durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
		undo.Step("undo-step", func(restate.RunContext) error { return nil })
		undo.Call("undo-call", func(ctx restate.Context) error {
			_, err := pinnedStep.Run(ctx, func(context.Context) (int, error) { return 8, nil })
			return err
		})
		return restate.TerminalErrorf("no money")
	})
	return failure.Error(), restate.Sleep(ctx, time.Millisecond)
}

func (journaled) Guarded(ctx restate.Context) (string, error) {
	return "let in", restate.Sleep(ctx, time.Millisecond)
}

// DeadLetter fails after the timer, so its letter is in the response.
func (journaled) DeadLetter(ctx restate.Context) error {
	if err := restate.Sleep(ctx, time.Millisecond); err != nil {
		return err
	}
	return restate.ToTerminalError(fmt.Errorf("no money"), restate.WithErrorCode(http.StatusPaymentRequired), restate.WithMetadata("cents", "7"))
}

type lettersOfJournaled struct{}

func (lettersOfJournaled) Bury(restate.Context, pipeline.Letter) error { return nil }

func guardWithNow(ctx restate.Context, _ *pipeline.Invocation) (bool, error) {
	_, err := durable.Now(ctx)
	return err == nil, err
}

// startJournaled starts the application. The names are fixed, because they are in the
// journals.
func startJournaled(t *testing.T, cfg fxrestate.Config) *testkit.App {
	cfg.Endpoint.Addr = "127.0.0.1:0"
	return testkit.StartWith(t, cfg,
		fxrestate.Service[journaled](func() journaled { return journaled{} }, fxrestate.Name("Journaled"),
			fxrestate.Handler(journaled.Guarded, fxrestate.Guards(pipeline.Durable(pipeline.DurableGuardFunc(guardWithNow)))),
			fxrestate.Handler(journaled.DeadLetter, fxrestate.DeadLetter(lettersOfJournaled.Bury)),
		),
		fxrestate.Service[lettersOfJournaled](func() lettersOfJournaled { return lettersOfJournaled{} }, fxrestate.Name("LettersOfJournaled")),
		fx.NopLogger,
	)
}

// The journals were recorded with the first version that had the operations. If a test
// fails, invocations in flight would fail with RT0016 after an upgrade: do not record the
// journal again, but write what it has. A new operation gets a new journal:
//
//	go test ./integration/durable -run RecordedJournals/NAME -record
func TestRecordedJournalsAreReplayed(t *testing.T) {
	for name, result := range map[string]string{
		"Now": "", "OrTimeout": "timed out after 1ms", "Step": "7", "Saga": "no money", "Guarded": "let in", "DeadLetter": "no money",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "journals", name+".txt")
			if *record && !testkit.AlwaysReplay() {
				recordJournal(t, name, file)
			}
			want := readExchange(t, file)
			app := startJournaled(t, fxrestate.Config{})
			a, err := testkit.Exchange(testkit.Context(t), http.MethodPost, app.URL()+"/invoke/Journaled/"+name, want.request, "Content-Type", want.contentType)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, a.Status, a.Text())
			require.Equal(t, linesOf(t, want.response), linesOf(t, a.Body), "%q", a.Body)
			require.Contains(t, a.Text(), result)
		})
	}
}

// exchange is an attempt of an invocation with all that is in its journal.
type exchange struct {
	contentType       string
	request, response []byte
}

// linesOf writes a frame on each line: its type and its message.
func linesOf(t *testing.T, response []byte) (lines []string) {
	t.Helper()
	frames, err := protocol.Split(response)
	require.NoError(t, err)
	for _, f := range frames {
		lines = append(lines, fmt.Sprintf("%04x %x", uint16(f.Type), f.Body))
	}
	return lines
}

// readExchange reads a file: the content type, the frames of the request and, after an
// empty line, those of the response.
func readExchange(t *testing.T, file string) (e exchange) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	contentType, frames, _ := strings.Cut(string(text), "\n")
	request, response, ok := strings.Cut(frames, "\n\n")
	require.True(t, ok, file)
	parse := func(lines string) (b []byte) {
		for line := range strings.Lines(lines) {
			kind, message, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			require.True(t, ok, line)
			head, err := hex.DecodeString(kind)
			require.NoError(t, err)
			body, err := hex.DecodeString(message)
			require.NoError(t, err)
			b = protocol.Frame{Type: protocol.Type(binary.BigEndian.Uint16(head)), Body: body}.Append(b)
		}
		return b
	}
	return exchange{contentType, parse(request), parse(response)}
}

// recordJournal runs a handler on a server that suspends attempts wherever they wait, and
// writes the last attempt into the file.
func recordJournal(t *testing.T, name, file string) {
	server := testkit.StartServer(t, testkit.AlwaysReplaying(testkit.ServerConfig()))
	var r recorder
	cfg := fxrestate.Config{
		Endpoint: endpoint.Config{Configure: func(s *http.Server) { r.next, s.Handler = s.Handler, &r }},
		Register: &deployment.Config{URL: "http://" + server.EndpointHost() + ":{{port}}", UseHTTP11: true, Required: true},
	}
	cfg.Admin.URL, cfg.Ingress.URL = server.AdminURL(), server.IngressURL()
	app := startJournaled(t, cfg)
	_, err := testkit.PostJSON(testkit.Context(t), server.IngressURL()+"/Journaled/"+name, nil)
	require.NoError(t, err)
	require.NoError(t, app.Stop(t.Context()))

	last := r.seen["/invoke/Journaled/"+name]
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	text := last.contentType + "\n" + strings.Join(linesOf(t, last.request), "\n") + "\n\n" + strings.Join(linesOf(t, last.response), "\n") + "\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

// recorder keeps the last exchange of each path.
type recorder struct {
	next http.Handler
	mu   sync.Mutex
	seen map[string]exchange
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	tee := &teeWriter{ResponseWriter: w}
	r.next.ServeHTTP(tee, req)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]exchange{}
	}
	r.seen[req.URL.Path] = exchange{req.Header.Get("Content-Type"), body, tee.written.Bytes()}
}

// teeWriter keeps what is written.
type teeWriter struct {
	http.ResponseWriter
	written bytes.Buffer
}

func (w *teeWriter) Write(b []byte) (int, error) {
	w.written.Write(b)
	return w.ResponseWriter.Write(b)
}

func (w *teeWriter) Flush()                      { _ = http.NewResponseController(w.ResponseWriter).Flush() }
func (w *teeWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
