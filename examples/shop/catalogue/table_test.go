package catalogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/examples/shop/catalogue"
	"github.com/fxrestate/go/examples/shop/database"
	"github.com/fxrestate/go/examples/shop/database/databasetest"
)

func TestOfTwoWhoFoundOneVersionOneWrites(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, fresh func() database.Source) {
		table := catalogue.NewTable(databasetest.Open(t, fresh()))
		_, err := table.Find(t.Context(), "moon")
		require.EqualError(t, err, `there is no product "moon"`)

		found, err := table.Find(t.Context(), "cup")
		require.NoError(t, err)
		written := make(chan bool)
		for _, cents := range []int{found.Cents + 1, found.Cents + 2} {
			go func() {
				wrote, err := table.Replace(t.Context(), "cup", catalogue.Price{Cents: cents, Version: found.Version + 1})
				written <- wrote && err == nil
			}()
		}
		require.NotEqual(t, <-written, <-written)

		now, err := table.Find(t.Context(), "cup")
		require.NoError(t, err)
		require.Equal(t, found.Version+1, now.Version)
		require.NotEqual(t, found.Cents, now.Cents)
	})
}
