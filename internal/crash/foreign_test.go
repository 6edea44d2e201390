package crash

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
)

func TestWhatIsNoAttemptPasses(t *testing.T) {
	t.Parallel()
	unstarted := protocol.AppendMessage(nil, &protocol.Start{ID: make([]byte, 24), DebugID: "inv_1"})
	for name, tt := range map[string]struct {
		method, uri string
		body        []byte
	}{
		"health":               {http.MethodGet, "/health", nil},
		"discovery":            {http.MethodGet, "/discover", nil},
		"an unknown handler":   {http.MethodPost, "/invoke/Shop/Steal", nil},
		"no handler":           {http.MethodPost, "/invoke/Shop", nil},
		"no body":              {http.MethodPost, "/invoke/Shop/Sell", nil},
		"no frames":            {http.MethodPost, "/invoke/Shop/Sell", []byte("what is this?")},
		"half of a frame":      {http.MethodPost, "/invoke/Shop/Sell", []byte{0, 0, 0}},
		"a frame without end":  {http.MethodPost, "/invoke/Shop/Sell", bytes.Repeat([]byte{0xff}, 100)},
		"no start":             {http.MethodPost, "/invoke/Shop/Sell", protocol.AppendMessage(nil, &protocol.End{})},
		"a start alone":        {http.MethodPost, "/invoke/Shop/Sell", unstarted},
		"a malformed start":    {http.MethodPost, "/invoke/Shop/Sell", protocol.Frame{Type: protocol.TypeStart, Body: []byte{0xff}}.Append(nil)},
		"a start and no input": {http.MethodPost, "/invoke/Shop/Sell", protocol.AppendMessage(nil, &protocol.Start{ID: make([]byte, 24), DebugID: "inv_1", KnownEntries: 1})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _, _ := shop(t, Plan{Suspend: true})
			ask := func(h http.Handler) *httptest.ResponseRecorder {
				r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.uri, bytes.NewReader(tt.body))
				r.ProtoMajor = 2
				if tt.method == http.MethodPost {
					r.Header.Set("Content-Type", contentType+"v6")
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				return w
			}
			want, got := ask(p.process()), ask(p.in.Process(p.process()))
			require.Equal(t, want.Code, got.Code)
			require.Equal(t, want.Body.String(), got.Body.String())
			require.Empty(t, p.in.Invocations())
		})
	}
}
