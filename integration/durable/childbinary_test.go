package durable_test

import (
	"errors"
	"os"

	"github.com/fxrestate/go/internal/testkit"
)

// provideChildBinary provides the binary of childApps. What they do is raced in the
// process of the tests.
func provideChildBinary() (remove func(), err error) {
	if os.Getenv(childBinaryEnv) != "" { // in the second run of the tests
		return func() {}, nil
	}
	binary, remove, err := testkit.Unraced()
	return remove, errors.Join(err, os.Setenv(childBinaryEnv, binary))
}
