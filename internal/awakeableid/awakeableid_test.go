package awakeableid_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/awakeableid"
)

// What the server of today takes, and what it answers with 400.
func TestAnIDIsTakenAsTheServerTakesIt(t *testing.T) {
	t.Parallel()
	const id = "sign_13oymEIFJ94a-Z_0w7kNaO9ztUhdjUseXAAAAEQ"
	for name, tt := range map[string]struct {
		id    string
		valid bool
	}{
		"as the server makes it":        {id, true},
		"of an older protocol":          {"prom_1" + strings.TrimPrefix(id, "sign_1"), true},
		"empty":                         {"", false},
		"a prefix alone":                {"sign_1", false},
		"of another kind":               {"inv_1" + strings.TrimPrefix(id, "sign_1"), false},
		"a letter too few":              {id[:len(id)-1], false},
		"a letter too many":             {id + "A", false},
		"with a letter of another base": {strings.Replace(id, "-", "+", 1), false},
		"with a slash":                  {strings.Replace(id, "_0", "/0", 1), false},
		"with bits that belong nowhere": {id[:len(id)-1] + "R", false},
		"with a line break at its end":  {id[:len(id)-1] + "\n", false},
		"with line breaks in its midst": {strings.Replace(id, "a-", "\n\n", 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.valid, awakeableid.Valid(tt.id))
		})
	}
}
