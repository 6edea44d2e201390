package durable

// The names that this package itself writes into journals. They are part of the wire
// format: an invocation in flight is replayed by the next version of the application, and
// its journal must have the same names. So they never change. They are pinned by recorded
// journals in integration/durable.
//
// All other names are the user's, and are written as they are: of a Step, of a
// compensation by Compensations.Step, of a StateKey and of a PromiseKey. The name of a
// compensation by Compensations.Call and that of an Awakeable are not written.
const (
	nowName     = "now"     // the step of Now
	timeoutName = "timeout" // the timer of Future.OrTimeout
)
