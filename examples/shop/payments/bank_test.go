package payments_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/examples/shop/payments"
)

// An order that is cancelled while its charge is on its way refunds first.
func TestChargeThatComesAfterItsRefundIsRefused(t *testing.T) {
	t.Parallel()
	bank := payments.NewBank(slog.New(slog.DiscardHandler))
	var failed interface{ StatusCode() int }
	require.ErrorAs(t, bank.Refund(t.Context(), "1"), &failed)
	require.Equal(t, http.StatusNotFound, failed.StatusCode())
	require.ErrorAs(t, bank.Charge(t.Context(), "1", payments.Charge{Customer: "ada", Amount: 250}), &failed)
	require.Equal(t, http.StatusConflict, failed.StatusCode())
	require.Empty(t, bank.Taken())
}
