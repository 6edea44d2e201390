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
//		Manifest: manifest, // endpoint.Manifest, or ManifestOf(ctx, handler)
//	})
//
// [Registrar.Register] blocks until the endpoint is registered, the context ends,
// or something forbids the registration that a retry cannot change. So the application
// may start before the server. To register in the background, call Register in a
// goroutine.
//
// # Plan, act, read back
//
// A registration first looks at what the server knows, and makes a [Plan]: what would
// change. It then does that, and reads back what the server discovered and where it sends
// new invocations. [Registrar.Plan] makes the plan alone, for people and as JSON.
//
// A hash of the interface is kept with the deployment ([InterfaceHashKey]).
//
// # Development and production
//
// In mode [Development], the default, each start replaces what the server knows about the
// URL, so that changed handlers take effect. In mode [Production] a start with the same
// interface makes one GET request and writes nothing. A changed interface at a known URL
// endangers invocations in flight, whose journals other handlers have written: Config.InPlace
// says what happens then. The best way is not to come there: give each version a URL of
// its own. See https://docs.restate.dev/services/versioning.
//
// # Subscriptions to Kafka
//
// Endpoint.Subscriptions are reconciled when the endpoint is registered: what is missing is
// created, what has other options is replaced, and what the application no longer declares is
// removed. A subscription is the application's if its option client.id is "fxrestate/" and
// Config.Application. Those that were made otherwise stay, and where one of them connects the
// same topic and handler already, none is created beside it.
//
// Subscriptions follow the registration: a process whose registration is refused, or whose
// services have their new invocations sent elsewhere, changes none. An older build that
// starts again leaves those of a newer build, unless Superseded is TakeOver; where builds do
// not know their time, the process that starts last decides. Processes that start at the
// same time may create one twice, and then keep the one with the lower id.
//
// A start looks for subscriptions with one more GET request, unless the application has never
// had one.
//
// A subscription without a group.id gets one that its replacement takes over, so that options
// can change without records being lost. See
// https://docs.restate.dev/services/invocation/kafka.
//
// # Reading back
//
// After an accepted registration, services may still be routed to another deployment:
// another process may have registered the same services at the same time. Register reports
// that in a [*NotServedError]. Where the server found other handlers than this process
// serves, or another process registered the same URL, it is a [*MismatchError].
package deployment
