package scope

import (
	"time"

	restate "github.com/restatedev/sdk-go"
)

// The operations that wait, and so suspend.

func (c *root[F]) Sleep(d time.Duration, opts ...restate.SleepOption) restate.TerminalError {
	defer c.scope.heed()
	return c.MockableContext.Sleep(d, opts...)
}

func (c *root[F]) Get(k string, output any, opts ...restate.GetOption) (bool, restate.TerminalError) {
	defer c.scope.heed()
	return c.MockableContext.Get(k, output, opts...)
}

func (c *root[F]) Keys() ([]string, restate.TerminalError) {
	defer c.scope.heed()
	return c.MockableContext.Keys()
}
