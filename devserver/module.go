package devserver

import (
	"context"

	"go.uber.org/fx"
)

// Module provides a [*Server] that starts and stops with the app. A [Config] in
// the graph configures it. Without one, the zero Config is used.
//
// The constructor finds the server, installs it if necessary and chooses its
// ports. It does so in fx.New, because fx's start timeout, 15 seconds by default,
// may be too short for an installation. [Server.IngressURL], [Server.AdminURL] and
// [Server.EndpointHost] are therefore known before the start, and other
// constructors can build clients and configurations from them.
//
// The process starts in OnStart, before the hooks of constructors that depend on
// the Server, and stops in OnStop after theirs. As with any provided type, nothing
// happens unless something depends on the Server.
//
// If the server ends unexpectedly, the app continues; see [Server.Done].
var Module = fx.Module("devserver", fx.Provide(newForApp))

type appParams struct {
	fx.In

	Lifecycle fx.Lifecycle
	Config    Config `optional:"true"`
}

func newForApp(p appParams) (*Server, error) {
	s, err := prepare(context.Background(), p.Config)
	if err != nil {
		return nil, err
	}
	p.Lifecycle.Append(fx.StartStopHook(s.start, s.Stop))
	return s, nil
}
