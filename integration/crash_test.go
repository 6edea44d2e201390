package integration_test

// crashAppEnv makes the test binary run one of crashApps instead of the tests, so
// that a test can kill an application.
const crashAppEnv = "FXRESTATE_TEST_APP"

var crashApps = map[string]func(){}
