package testkit

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// Made provides a value that the test made, where a constructor is wanted.
func Made[T any](value T) func() T { return func() T { return value } }

var services atomic.Int64

// Unique makes a service name that no other test has: they share a server.
func Unique(base string) string { return fmt.Sprintf("%s-%d", base, services.Add(1)) }

// RetrySoon has failed attempts repeated without much delay, however long their
// application is down: by default the server would pause the invocation after 70
// attempts, which is a second and a half.
func RetrySoon() restate.ServiceDefinitionOption {
	return restate.WithInvocationRetryPolicy(
		restate.WithInitialRetryInterval(20*time.Millisecond),
		restate.WithRetryIntervalFactor(1),
		restate.WithMaxRetryAttempts(10_000),
	)
}

// RetryAtOnce has failed attempts repeated without much delay, up to a number of them.
func RetryAtOnce(attempts uint) restate.ServiceDefinitionOption {
	return restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond),
		restate.WithMaxRetryAttempts(attempts), restate.KillOnMaxAttempts())
}

// Here names the line that it is called on, as errors do.
func Here() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}

var names sync.Map // by test

// NameOf is the name of a test, another one at each run of it: the server remembers what
// happened to the last.
func NameOf(t testing.TB) string {
	name, known := names.Load(t)
	if !known {
		name, known = names.LoadOrStore(t, Unique(t.Name()))
	}
	if !known {
		t.Cleanup(func() { names.Delete(t) })
	}
	return name.(string)
}
