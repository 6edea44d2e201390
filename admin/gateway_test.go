package admin_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// TestEachCallPassesAGatewayWithItsToken has a gateway with a path prefix in front of the real
// server, which lets nobody through without a token.
func TestEachCallPassesAGatewayWithItsToken(t *testing.T) {
	t.Parallel()
	gate := newGateway(t, nil)
	gate.intercept(func(r *http.Request) http.HandlerFunc {
		if r.Header.Get("Authorization") == "Bearer t0ken" {
			return nil
		}
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who are you?", http.StatusUnauthorized) }
	})
	with := newClient(t, admin.Config{URL: gate.url, AuthToken: "t0ken"})
	without := newClient(t, admin.Config{URL: gate.url})
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := requireError(t, call(testkit.Context(t), without), http.StatusUnauthorized, "")
			require.Equal(t, "check the admin API's auth token", failed.Hint())

			var err error
			testkit.Until(t, func() bool {
				err = call(testkit.Context(t), with)
				return !errors.As(err, &failed) || failed.Status != http.StatusServiceUnavailable
			}, "a partition without a leader")
			if errors.As(err, &failed) {
				// The server refuses what is not there, in its own words.
				require.Contains(t, []int{400, 404, 409, 500}, failed.Status, "%v", err)
				require.NotContains(t, failed.Hint(), "token")
				require.NotContains(t, failed.Hint(), "may not be an admin API")
				return
			}
			require.NoError(t, err)
		})
	}
}
