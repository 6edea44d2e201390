package sdk

// Handling is what the contract test checks.
var Handling = handling
