package runner

import (
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/invocationid"
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
		read, err := invocationid.Parse(text)
		require.NoError(t, err)
		require.Equal(t, i, read)
	}
	again := newIDs(7)
	require.True(t, seen[again.next().String()], "a seed gives the same ids")
	for _, i := range []id{{}, {0: 1}, {7: 255}, {8: 1}, {23: 255}} {
		read, err := invocationid.Parse(i.String())
		require.NoError(t, err)
		require.Equal(t, i, read)
	}
}

func TestAnAwakeableBelongsToAnInvocation(t *testing.T) {
	t.Parallel()
	i, index, err := parseAwakeable("sign_13oymEIFJ94a-Z_0w7kNaO9ztUhdjUseXAAAAEQ")
	require.NoError(t, err)
	require.EqualValues(t, 17, index)
	require.NotEqual(t, id{}, i)
	for text, want := range map[string]error{
		"nonsense": invocationid.ErrFormat, "sign_1": invocationid.ErrType, "sign_2": invocationid.ErrVersion, "prom_1": invocationid.ErrLength, "prom_1!": invocationid.ErrDigits, "what_1": invocationid.UnrecognizedError("what"),
	} {
		t.Run(text, func(t *testing.T) {
			_, _, err := parseAwakeable(text)
			require.Equal(t, want, err)
			require.NotEmpty(t, invocationid.ErrorName(err))
		})
	}
}

// Recorded on a server: ids, and the first number of each invocation's generator.
func TestRandomNumbersBeginWhereThoseOfTheServerDo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{
		"inv_10D36B2r2hQ13jEeK9A7UaR0UHlYMrYC3b": 8824281318141614201,
		"inv_12IlE3aU0Mnl31YuP3frmluXggdKQhubzZ": 5480529135759816129,
		"inv_10yRpJEiOjXy2eNiIjpZiuW3TFwZpjSaFK": 3766450112249605388,
		"inv_1iaqhBUrL5BJ3YRisHGfDL7E0rlOj4H8ia": 9344346573953734156,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			i, err := invocationid.Parse(text)
			require.NoError(t, err)
			require.Equal(t, want, firstNumber(RandomSeed(i[:])))
		})
	}
}

// firstNumber is what the SDK's generator, xoshiro256++, makes of a seed.
func firstNumber(seed uint64) uint64 {
	var state [4]uint64
	for at := range state { // by SplitMix64
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		state[at] = z ^ z>>31
	}
	return bits.RotateLeft64(state[0]+state[3], 23) + state[0]
}

// Ids that a server made, and awakeables of theirs, in which they lie as bytes.
func TestAnIDIsWrittenAsTheServerWritesIt(t *testing.T) {
	t.Parallel()
	for text, awakeable := range map[string]string{
		"inv_1jOYoV4ictUf0x0e2S2HqoxGfRDYCgb8lS": "sign_1k5ug6DGK4ebUNNhhPXcoymaHDSzegX0RAAAAEQ",
		"inv_10pD4fbYsEMB5IG8Q3AK2PL4zq52LMQXmu": "sign_1pVyjdOWj0ATeKBleI4pnoGN0FQ_kVva7AAAAEQ",
		"inv_186dDqdlJt2x4Gik0Gp3QifsPzW2cNpVjE": "sign_1Wfm42dt1WV7uaO_cO7iMQIrWFLZBh9eZAAAAEQ",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			i, _, err := parseAwakeable(awakeable)
			require.NoError(t, err)
			require.Equal(t, text, i.String())
			read, err := invocationid.Parse(text)
			require.NoError(t, err)
			require.Equal(t, i, read)
		})
	}
}
