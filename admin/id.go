package admin

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/fxrestate/go/internal/httpclient"
	"github.com/fxrestate/go/internal/invocationid"
)

// ErrInvocationID is in the error of a call whose id cannot be that of an invocation, for
// instance because a character is missing. The server is not asked then.
var ErrInvocationID = errors.New("is not the id of an invocation, which is inv_1 with 33 letters and digits behind it")

// CheckInvocationID returns an error that wraps [ErrInvocationID] if no invocation can have
// this id. Only the server knows whether there is one. Ids of a version that this package does
// not know are accepted.
func CheckInvocationID(id string) error {
	_, err := invocationid.Parse(id)
	if err == nil || otherVersion.MatchString(id) {
		return nil
	}
	return fmt.Errorf("admin: %q %w: %w", httpclient.OneLine(id, maxID), ErrInvocationID, err)
}

// otherVersion has the ids of servers to come.
var otherVersion = regexp.MustCompile(`^inv_[02-9][0-9A-Za-z]+$`)

// maxID limits an id in an error, in runes.
const maxID = 100

// checkIDs checks all ids and reports all that are none.
func checkIDs(ids ...string) error {
	var errs []error
	for _, id := range ids {
		if err := CheckInvocationID(id); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
