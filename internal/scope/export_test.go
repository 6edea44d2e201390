package scope

// What the contract tests check.
var (
	Handling     = handling
	IsSuspension = isSuspension
)
