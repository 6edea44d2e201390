package runner

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnIDIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	ids := newIDs(7)
	seen := map[string]bool{}
	for range 1000 {
		i := ids.next()
		text := i.String()
		require.Len(t, text, 38)
		require.False(t, seen[text])
		seen[text] = true
		read, err := parseID(text)
		require.NoError(t, err)
		require.Equal(t, i, read)
	}
	again := newIDs(7)
	require.True(t, seen[again.next().String()], "a seed gives the same ids")
	for _, i := range []id{{}, {0: 1}, {7: 255}, {8: 1}, {23: 255}} {
		read, err := parseID(i.String())
		require.NoError(t, err)
		require.Equal(t, i, read)
	}
}

func TestWhatIsNoIDIsRefused(t *testing.T) {
	t.Parallel()
	valid := newIDs(1).next().String()
	for name, test := range map[string]struct {
		text string
		err  error
	}{
		"nothing":             {"", errIDLength},
		"another prefix":      {"dp_" + valid[4:], errIDFormat},
		"a prefix alone":      {"inv_", errIDLength},
		"another version":     {"inv_2" + valid[5:], errIDVersion},
		"a digit too few":     {valid[:len(valid)-1], errIDLength},
		"a digit too many":    {valid + "0", errIDLength},
		"another digit":       {valid[:10] + "-" + valid[11:], errIDDigits},
		"a partition too big": {"inv_1" + strings.Repeat("Z", 11) + valid[16:], errIDDigits},
		"a number too big":    {valid[:16] + strings.Repeat("Z", 22), errIDDigits},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseID(test.text)
			require.ErrorIs(t, err, test.err)
		})
	}
}

func TestAnAwakeableBelongsToAnInvocation(t *testing.T) {
	t.Parallel()
	i, index, err := parseAwakeable("sign_13oymEIFJ94a-Z_0w7kNaO9ztUhdjUseXAAAAEQ")
	require.NoError(t, err)
	require.EqualValues(t, 17, index)
	require.NotEqual(t, id{}, i)
	_, _, err = parseAwakeable("sign_1")
	require.Error(t, err)
}

func FuzzParseID(f *testing.F) {
	f.Add(newIDs(1).next().String())
	f.Add("inv_1")
	f.Fuzz(func(t *testing.T, text string) {
		i, err := parseID(text)
		if err == nil {
			require.Equal(t, text, i.String())
		}
	})
}
