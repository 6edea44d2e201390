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
// [Service], [Object] and [Workflow] register a struct through its constructor.
// Its exported methods that take a context of the SDK first are the handlers;
// they have at most one input, and return a result, an error, both or nothing.
// Options are those of the SDK, which work on a service and inside [Handler], and
// [Name], [Naming], [HandlerName] and [Exclude]. [Config].Defaults apply to all
// services. Definitions that were built in another way join with [Definition]. An
// input that embeds [In] takes headers and the key as well, and a handler with
// [Raw] decodes its body itself.
//
// What is wrong with a struct, its options or the configuration is an error of
// fx.New: all mistakes at once, each with its place and what to write instead.
//
// # Inside handlers
//
// Registering a struct makes its client injectable: an rpc.Service, an rpc.Object or
// an rpc.Workflow of its type. Package rpc has the verbs that take it, and package
// durable what stands beside the SDK's functions: sagas, state and promise keys,
// futures, the invocation's context. The files of handlers import these and the SDK,
// and not this package.
//
// Outside handlers, in HTTP controllers and jobs, package ingress has the same
// verbs; its *ingress.Client is injectable, and works from the start of what
// depends on it, since that starts after the registration. [PerInvocation] gives each
// attempt its own instance of a type.
//
// # The pipeline
//
// [Guards], [Interceptors], [Pipes], [Filters], [Observers] and more are attached
// to all handlers with [Use], to a service, or to a handler inside [Handler]. Each
// takes values and constructors. Package pipeline says what they are and when they
// run, also on replay.
//
// # Start and stop
//
// On start the endpoint listens, the SDK warms up, and, if Config.Register is
// set, the endpoint is registered with the admin API. On stop attempts that wait are
// suspended, new ones are let in until there are none for a moment, for a second at
// the most, and those that compute get until the drain timeout. Handlers that do not
// return in time are named in the log. Nothing is lost: Restate goes on with them
// elsewhere or later. [Health] tells how far it is.
package fxrestate
