package devserver

import (
	"context"

	"go.uber.org/fx"
)

// Module provides a [*Server] that starts and stops with the app. A [Config]
// in the graph configures it; without one the zero Config holds.
//
// Constructing the Server finds it, installs it if need be (which the start
// timeout of fx, 15 seconds by default, would cut short) and decides on its
// ports: [Server.IngressURL], [Server.AdminURL] and [Server.EndpointHost]
// answer at once, so other constructors can build clients and configurations
// from them. The process starts in OnStart, before the hooks of whatever
// depends on the Server, and stops in OnStop after theirs. As with anything
// that fx provides, nothing happens unless something depends on the Server.
//
// An unexpected end of the server does not stop the app; see [Server.Done].
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
