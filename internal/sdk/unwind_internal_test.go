package sdk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// outermost calls fn at a depth of the stack.
func outermost(depth int, fn func()) { deeper(depth, fn) }

func deeper(depth int, fn func()) {
	if depth == 0 {
		fn()
		return
	}
	deeper(depth-1, fn)
}

func TestAFunctionIsFoundHoweverDeepTheStackIs(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{0, 1, 20, 31, 32, 33, 150, 1000} {
		t.Run(fmt.Sprint(depth), func(t *testing.T) {
			t.Parallel()
			is := func(name string) func(string) bool {
				return func(function string) bool { return strings.HasSuffix(function, name) }
			}
			ran := 0
			outermost(depth, func() {
				ran++
				require.True(t, below(is("sdk.outermost")))
				require.False(t, below(is("sdk.elsewhere")))
			})
			require.Equal(t, 1, ran)
		})
	}
}
