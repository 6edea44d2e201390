// Package fxrestate is an application framework for Restate on go.uber.org/fx:
// plain structs become durable services. fx constructs them, [Module] serves them
// to Restate and registers them.
//
//	type Payments struct{ gateway Gateway }
//
//	func NewPayments(g Gateway) *Payments { return &Payments{g} }
//
//	func (p *Payments) Charge(ctx restate.Context, in Charge) (Receipt, error) {
//		return restate.Run(ctx, func(ctx restate.RunContext) (Receipt, error) {
//			return p.gateway.Charge(ctx, in)
//		}, restate.WithName("charge-card"))
//	}
//
//	func main() {
//		fx.New(
//			fxrestate.Module,
//			fx.Provide(fxrestate.ConfigFromEnv, NewGateway),
//			fxrestate.Service[*Payments](NewPayments),
//		).Run()
//	}
//
// # Services, virtual objects, workflows
//
// [Service], [Object] and [Workflow] register a struct through its constructor. Its
// exported methods that take a context of the SDK first are the handlers. A handler has
// at most one input, and returns a result, an error, both or nothing.
//
// Options are those of the SDK, which work on a service and inside [Handler], and
// [Name], [Naming], [HandlerName], [Exclude] and [Raw]. [Config].Defaults apply to all
// services. [Definition] registers a definition that was built without this package.
// [RemoteService] declares a service that another application serves.
//
// Mistakes in a struct, its options or the configuration are errors of fx.New: all at
// once, each with its place and what to write instead.
//
// # Inside handlers
//
// Registering a struct makes its clients injectable: an rpc.Service, an rpc.Object or
// an rpc.Workflow of its type and, where "fxrestate gen" has written them, a client with
// the methods of the struct for use inside handlers and one for use outside. Package rpc
// has the verbs for calls between handlers, and package durable the building blocks
// beside the SDK's functions. Files of handlers import these and the SDK, and not this
// package.
//
// Outside handlers, in HTTP controllers and jobs, package ingress has the same verbs.
// Its *ingress.Client is injectable. What depends on it starts after the registration,
// so that its calls find the services. [PerInvocation] gives each attempt its own
// instance of a type.
//
// # The pipeline
//
// [Guards], [Interceptors], [Pipes], [Filters], [Observers] and more are attached to all
// handlers with [Use], to some services with Use inside [Group], to one service among
// its options, or to one handler inside [Handler]. Each takes values and constructors.
// Package pipeline says what they are and when they run, also on replay.
//
// [Telemetry] makes OpenTelemetry spans and metrics of handlers, their steps and their
// calls.
//
// # Start and stop
//
// On start the endpoint listens, the SDK warms up, and, if Config.Register is set or
// [Cloud] has a tunnel, the endpoint is registered with the admin API.
//
// On stop attempts that wait are suspended. New ones are admitted until there are none
// for a moment, for a second at most. Attempts that compute have until the drain timeout,
// and the log names the handlers that do not return in time. Nothing is lost: Restate
// resumes their invocations elsewhere or later. [Health] reports readiness throughout, and
// [OnEvent] tells an observer what happens.
//
// [HTTPServer] serves the application's own API at the right times: probes from the
// beginning, routes after the registration, and on stop streams end first.
package fxrestate
