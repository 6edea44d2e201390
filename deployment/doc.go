// Package deployment registers an endpoint with Restate's admin API, so that
// the server knows the services in it and sends their invocations there.
//
//	client, err := admin.New(admin.Config{URL: "http://localhost:9070"})
//	if err != nil { … }
//	registrar, err := deployment.NewRegistrar(client, deployment.Config{
//		URL: "http://localhost:{{port}}",
//	}, logger)
//	if err != nil { … }
//	registration, err := registrar.Register(ctx, deployment.Endpoint{
//		Port:     9080,
//		Services: []string{"Greeter", "Counter"},
//	})
//
// [Registrar.Register] blocks until the endpoint is registered, the context ends,
// or the server rejects the registration for a reason that a retry cannot change.
// So the application may start before the server. To register in the background,
// call Register in a goroutine.
//
// # Development and production
//
// The defaults are for development: each start of the application replaces what
// the server knows about its URL (Config.Force), so that changed handlers take
// effect. Invocations in flight then continue on the changed code, which may not
// match their journals. In production, deployments are immutable: give each
// version its own URL. See https://docs.restate.dev/services/versioning.
//
// # Reading back
//
// After an accepted registration, services may still be routed to another
// deployment: another process may register the same services at the same time,
// and without Force the server keeps a known URL as it was. Register checks this,
// and reports such services in a [*NotServedError].
package deployment
