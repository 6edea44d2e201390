package ingress_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
)

func TestAReadyHandleHasItsResultWithoutAServer(t *testing.T) {
	t.Parallel()
	failure := errors.New("no")
	for name, tt := range map[string]struct {
		handle ingress.Handle[int]
		status ingress.Status
		want   int
		err    error
	}{
		"a value":            {ingress.ReadyHandle(7, nil), ingress.Accepted, 7, nil},
		"a failure":          {ingress.ReadyHandle(0, failure), ingress.Accepted, 0, failure},
		"that of a function": {ingress.HandleFunc(func(context.Context) (int, error) { return 8, nil }), "", 8, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.handle.Attach(t.Context())
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.err, err)
			got, ready, err := tt.handle.Output(t.Context())
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.err == nil, ready)
			require.Equal(t, tt.err, err)
			id, err := tt.handle.ID(t.Context())
			require.NoError(t, err)
			require.Regexp(t, "^inv_2", id)
			require.NoError(t, tt.handle.Cancel(t.Context()))
			require.Equal(t, tt.status, tt.handle.Status())
		})
	}
}
