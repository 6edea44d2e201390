// Package admin is a client of Restate's admin API: the HTTP interface, on
// port 9070 by default, through which deployments are registered, invocations
// are cancelled and the server's state is queried with SQL.
//
//	client, err := admin.New(admin.Config{})     // http://localhost:9070
//	if err != nil { … }
//	registered, err := client.RegisterDeployment(ctx, admin.RegisterDeploymentRequest{
//		URI:   "http://localhost:9080",
//		Force: true,
//	})
//
// Each method is one call of the API, or a few that read, and is not retried. Fields have the names
// of the API's own description, which a running server serves at GET /openapi;
// see also https://docs.restate.dev/admin-api.
//
// # Errors
//
// Two types describe a failed call, for errors.As:
//
//   - [*Error]: the server, or a gateway in front of it, responded with a
//     status other than 2xx. It carries the status, Restate's error code if
//     there is one, the URL that was asked, and a hint of what to do. The hint
//     also says where the URL leads to an ingress.
//   - [*ConnectionError]: there was no complete response. It wraps the cause.
//
// Every other error is a mistake in the arguments, or a response that does not
// come from an admin API. [Retryable] tells whether the same call may succeed
// later. An invocation's id with a typo is an [ErrInvocationID], before any call.
//
// # Invocations
//
// [Client.InFlight] counts the invocations that have not completed, by deployment,
// handler and status. [Client.Invocations] lists them, for instance those that are
// stuck, the longest first:
//
//	stuck, err := client.Invocations(ctx, admin.InvocationFilter{
//		Services:   []string{"orders"},
//		Statuses:   []admin.InvocationStatus{admin.StatusPaused, admin.StatusBackingOff},
//		MinRetries: 5,
//	})
//
// [Retrying], [Stuck] and [Unchanged] are filters for common questions, [Client.Journal] tells
// what an invocation has done and how it failed, and [Client.Queue] which invocation holds the
// key of an object. [Client.Batch] does the same with all invocations that a filter selects,
// after a look at what they are:
//
//	filter := admin.InvocationFilter{Services: []string{"orders"}, Statuses: []admin.InvocationStatus{admin.StatusPaused}}
//	planned, err := client.Batch(ctx, admin.OperationResume, filter, admin.BatchOptions{DryRun: true})
//	// show planned.IDs, and ask
//	result, err := client.Batch(ctx, admin.OperationResume, filter, admin.BatchOptions{Deployment: admin.ResumeOnLatest})
//	for _, failure := range result.Failures { … }
//
// An invocation is bound to a deployment only from the first command in its journal on,
// or while it runs: see [Invocation].
//
// # Introspection
//
// [Query] runs SQL against the server's tables
// (https://docs.restate.dev/references/sql-introspection) and decodes each row
// into a struct. Each ? is replaced by the literal of an argument, so no value can
// change the query. [QueryEach] is for results that do not fit into memory.
//
//	type row struct {
//		ID     string `json:"id"`
//		Status string `json:"status"`
//	}
//	rows, err := admin.Query[row](ctx, client,
//		"SELECT id, status FROM sys_invocation WHERE target_service_key = ?", key)
//
// # The whole API
//
// The description of the API is kept in testdata, and a test holds each of its calls against
// the methods of [Client], which is written by hand: a generated client would be several times
// as long, and most of this package is what the description does not say.
package admin
