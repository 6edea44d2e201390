package invocationid_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/invocationid"
)

func TestWhatIsNoIDIsRefused(t *testing.T) {
	t.Parallel()
	const valid = "inv_1jOYoV4ictUf0x0e2S2HqoxGfRDYCgb8lS"
	for name, test := range map[string]struct {
		text string
		err  error
	}{
		"nothing":             {"", invocationid.ErrLength},
		"no prefix":           {valid[4:], invocationid.ErrFormat},
		"another prefix":      {"dp_" + valid[4:], invocationid.ErrType},
		"a prefix of nothing": {"x_" + valid[4:], invocationid.UnrecognizedError("x")},
		"a prefix alone":      {"inv_", invocationid.ErrLength},
		"another version":     {"inv_2" + valid[5:], invocationid.ErrVersion},
		"a digit too few":     {valid[:len(valid)-1], invocationid.ErrLength},
		"a digit too many":    {valid + "0", invocationid.ErrLength},
		"another digit":       {valid[:10] + "-" + valid[11:], invocationid.ErrDigits},
		"a partition too big": {"inv_1" + strings.Repeat("Z", 11) + valid[16:], invocationid.ErrDigits},
		"a number too big":    {valid[:16] + strings.Repeat("Z", 22), invocationid.ErrDigits},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := invocationid.Parse(test.text)
			require.ErrorIs(t, err, test.err)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("inv_1jOYoV4ictUf0x0e2S2HqoxGfRDYCgb8lS")
	f.Add("inv_1")
	f.Fuzz(func(t *testing.T, text string) {
		i, err := invocationid.Parse(text)
		if err == nil {
			require.Equal(t, text, i.String())
		}
	})
}
