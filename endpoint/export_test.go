package endpoint

// WithRetryDelay is for the fuzz test.
var WithRetryDelay = withRetryDelay
