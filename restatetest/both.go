package restatetest

import "testing"

// onServer is the backend that a test has without any option.
var onServer = option(func(*settings) {})

// OnBoth runs a test twice, as subtests: "in process" on [InProcess], in milliseconds, and
// "on a server" on a real restate-server. What holds on one holds on the other; the test on
// the server is there to show it. With -short it runs in process alone.
//
// The test passes backend to [Start], among the other options. It makes what it replaces in
// the application itself, so that each run has its own.
//
//	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
//		mails := &fakeMails{}
//		env := restatetest.Start(t, backend, app, fx.Replace(mails))
//		…
//	})
//
// The second subtest starts when the first has ended, or paused in t.Parallel.
func OnBoth(t *testing.T, test func(t *testing.T, backend Option)) {
	t.Helper()
	t.Run("in process", func(t *testing.T) { test(t, InProcess) })
	if testing.Short() {
		return
	}
	t.Run("on a server", func(t *testing.T) { test(t, onServer) })
}
