// Package kit_test is the tests of an application, as a user of restatetest has them. The
// figure runner of command bench builds and runs them, and reads the lines that they print.
package kit_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fxrestate/go/restatetest"
)

// What command bench sets.
const (
	beganEnv = "FXRESTATE_BENCH_BEGAN" // when it started this process, in nanoseconds
	stepsEnv = "FXRESTATE_BENCH_STEPS" // of the saga
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(restatetest.Tests{M: m}) }

// steps is how many steps the saga has: few, unless it is measured.
func steps() int {
	if n, err := strconv.Atoi(os.Getenv(stepsEnv)); err == nil {
		return n
	}
	return 3
}

// began is when the process was started.
func began() time.Time {
	if ns, err := strconv.ParseInt(os.Getenv(beganEnv), 10, 64); err == nil {
		return time.Unix(0, ns)
	}
	return time.Now()
}

// figure prints how long something took since a time.
func figure(name string, since time.Time) {
	fmt.Printf("FIGURE %s %f\n", name, time.Since(since).Seconds())
}
