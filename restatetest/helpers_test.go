package restatetest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fxrestate/go/deployment"
)

func register(url string) *deployment.Config { return &deployment.Config{URL: url} }

// recorder is a test that may fail.
type recorder struct {
	testing.TB

	mu       sync.Mutex
	failed   bool
	said     strings.Builder
	cleanups []func()
}

func (r *recorder) say(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said.WriteString(text + "\n")
}

func (r *recorder) Helper()                           {}
func (r *recorder) Log(args ...any)                   { r.say(fmt.Sprint(args...)) }
func (r *recorder) Logf(format string, args ...any)   { r.say(fmt.Sprintf(format, args...)) }
func (r *recorder) Error(args ...any)                 { r.failed = true; r.Log(args...) }
func (r *recorder) Errorf(format string, args ...any) { r.failed = true; r.Logf(format, args...) }
func (r *recorder) Fatal(args ...any)                 { r.Error(args...); r.FailNow() }
func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...); r.FailNow() }
func (r *recorder) FailNow()                          { r.failed = true; panic(failedNow{}) }
func (r *recorder) Failed() bool                      { return r.failed }
func (r *recorder) Cleanup(f func())                  { r.cleanups = append(r.cleanups, f) }

type failedNow struct{}

// record runs a test that may fail, and returns whether it did and all it said.
func record(t testing.TB, test func(t testing.TB)) (failed bool, said string) {
	t.Helper()
	r := &recorder{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != (failedNow{}) {
				panic(p)
			}
		}()
		test(r)
	}()
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
	return r.failed, r.said.String()
}
