package doctor_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/compat"
	"github.com/fxrestate/go/internal/testkit"
)

// older is the newest version that does not do.
const older = "1.6.2"

// All else can be looked at on it, and it lacks what the table says.
func TestAServerOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	require.Equal(t, compat.TooOld, compat.Server().Of(older))
	cfg := testkit.ServerConfig()
	cfg.Version = older
	server := testkit.StartServer(t, cfg)
	require.Equal(t, older, server.Version())
	clerk(t, server, "clerk")
	got := examine(t, with{}, "--admin", server.AdminURL())
	require.Equal(t, terminal.CodeFound, got.code)
	golden(t, "older", got.out)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.IngressURL()+"/restate/call/clerk/File", strings.NewReader(""))
	require.NoError(t, err)
	res, err := testkit.HTTPClient().Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusNotFound, res.StatusCode)
}
