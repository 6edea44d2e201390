package header_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/header"
)

func TestTheCaseOfANameDoesNotMatter(t *testing.T) {
	t.Parallel()
	sent := header.Lists{
		"X-Tenant": {"capital", "second"}, "x-role": {"lower"}, "X-Role": {"exact"}, "X-Two": {"a"}, "x-TWO": {"b"},
		"X-Empty": {""}, "x-EMPTY": {"full"}, "X-None": nil,
	}
	for name, want := range map[string]string{
		"x-tenant": "capital", "X-Tenant": "capital", "X-TENANT": "capital",
		"x-role": "lower", "X-Role": "exact", "X-ROLE": "lower",
		"x-two": "a", "X-Empty": "full", "x-none": "", "x-other": "",
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, want, header.Find(sent, name))
		})
	}
	require.Empty(t, header.Find(nil, "x-tenant"))
}
