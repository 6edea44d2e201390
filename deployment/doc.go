// Package deployment registers an endpoint with Restate's admin API, so that
// the server knows the services in it and sends their invocations there.
//
//	client, err := admin.New(admin.Config{URL: "http://localhost:9070"})
//	if err != nil { … }
//	registrar, err := deployment.NewRegistrar(client, deployment.Config{
//		URL: "http://localhost:{{port}}",
//	}, logger)
//	if err != nil { … }
//	registration, err := registrar.Register(ctx, deployment.Target{
//		Port:     9080,
//		Services: []string{"Greeter", "Counter"},
//	})
//
// [Registrar.Register] blocks until the endpoint is registered, the context
// ends, or the server refuses for a reason that time will not mend. The
// application may therefore start before the server: it is registered once the
// server comes. Whoever wants that in the background brings the goroutine.
//
// # Development and production
//
// Registration is made for development: each start of the application replaces
// what the server knew about its URL (Config.Force), so that changed handlers
// take effect. Invocations in flight then meet the changed code, which their
// journals may not fit. In production, deployments are immutable: each version
// gets a URL of its own. See https://docs.restate.dev/services/versioning.
//
// # Reading back
//
// A registration that the server accepted can still fail to give it the
// services: the same services may be registered by another process at the same
// time, and without Force a known URL is left as it was, whatever the endpoint
// serves now. Register looks, and reports such services in a [*NotServedError].
package deployment
