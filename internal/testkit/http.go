package testkit

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Post posts nothing to a path of the ingress, which calls a handler without input.
func Post(t testing.TB, path string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(Context(t), http.MethodPost, Server().IngressURL()+path, http.NoBody)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(b)
}

// Call returns the result of a handler without input.
func Call[T any](t testing.TB, path string) T {
	t.Helper()
	return Decode[T](Post(t, path))(t)
}

// Decode reads the result out of an answer, which must be one of success.
func Decode[T any](status int, body string) func(t testing.TB) T {
	return func(t testing.TB) (out T) {
		t.Helper()
		require.Equal(t, http.StatusOK, status, body)
		require.NoError(t, json.Unmarshal([]byte(body), &out))
		return out
	}
}
