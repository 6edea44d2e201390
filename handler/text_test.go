package handler_test

import (
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

// Scales weighs by headers.
type Scales struct{}

type Weight struct {
	handler.In

	Grams  float64 `header:"x-grams"`
	Ounces float32 `header:"x-ounces"`
}

func (Scales) Weigh(_ restate.Context, in Weight) (float64, error) { return in.Grams, nil }

// A route's parameters follow the same rule.
func TestAHeaderThatIsNoFiniteNumberIsAnError(t *testing.T) {
	t.Parallel()
	m, _ := describe[Scales](t, handler.Spec{}).Method("Weigh")
	for _, header := range []string{"x-grams", "x-ounces"} {
		for _, text := range []string{"NaN", "nan", "Inf", "+Inf", "-inf", "Infinity", "1e999", "-1e999", "x", " 1"} {
			t.Run(header+" "+text, func(t *testing.T) {
				t.Parallel()
				_, err := m.Decode(invocation{"", map[string]string{header: text}})
				require.EqualError(t, err, "the body cannot be decoded into the input of Scales/Weigh (handler_test.Weight): header "+header+": is not a number, or is too large")
			})
		}
		for _, text := range []string{"0", "-1.5", "1e9"} {
			t.Run(header+" "+text, func(t *testing.T) {
				t.Parallel()
				_, err := m.Decode(invocation{"", map[string]string{header: text}})
				require.NoError(t, err)
			})
		}
	}
}
