package customers_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/examples/shop/customers"
	"github.com/fxrestate/go/examples/shop/database"
	"github.com/fxrestate/go/examples/shop/database/databasetest"
)

func TestPointsAreAddedOnceForEachToken(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, fresh func() database.Source) {
		ledger := customers.NewLedger(databasetest.Open(t, fresh()))
		require.NoError(t, ledger.Open(t.Context(), "ada"))
		done := make(chan error)
		for i := range 12 {
			token := fmt.Sprint("token ", i%4) // three times each
			go func() { done <- ledger.Add(t.Context(), token, "ada", 5) }()
		}
		for range 12 {
			require.NoError(t, <-done)
		}
		require.NoError(t, ledger.Open(t.Context(), "ada"), "a second time is no mistake")
		requirePoints(t, ledger, 20)

		require.NoError(t, ledger.Forget(t.Context(), "token 1"))
		require.NoError(t, ledger.Add(t.Context(), "token 1", "ada", 5))
		require.NoError(t, ledger.Add(t.Context(), "token 2", "ada", 5))
		requirePoints(t, ledger, 25)
	})
}

func requirePoints(t *testing.T, ledger *customers.Ledger, want int) {
	t.Helper()
	points, err := ledger.Points(t.Context(), "ada")
	require.NoError(t, err)
	require.Equal(t, want, points)
}

func TestPointsOfSomebodyUnknownAreNone(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, fresh func() database.Source) {
		ledger := customers.NewLedger(databasetest.Open(t, fresh()))
		require.NoError(t, ledger.Add(t.Context(), "token", "nobody", 5))
		_, err := ledger.Points(t.Context(), "nobody")
		require.EqualError(t, err, `there is no customer "nobody"`)
	})
}
