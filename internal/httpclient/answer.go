package httpclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// Cause is why a request got no complete answer, without what net/http wraps around it,
// which repeats method and URL. Once ctx has ended that is the cause, whoever noticed
// first: a dial that meets the deadline calls it an i/o timeout, and ctx may have a cause
// of its own.
func Cause(ctx context.Context, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	ended := ctx.Err()
	switch {
	case ended == nil, errors.Is(err, ended) && !InDial(err):
		return err
	case InDial(err):
		return fmt.Errorf("%w (%v)", ended, err)
	default:
		return fmt.Errorf("%w (%w)", ended, err)
	}
}

// InDial tells whether there was no connection at all. Such a request was not made. The
// error may claim to be context.DeadlineExceeded, of the dialer's own deadline.
func InDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// Redirected says where an answer redirects to, without credentials, if it does.
func Redirected(res *http.Response) (message string, ok bool) {
	location := res.Header.Get("Location")
	if location == "" || res.StatusCode/100 != 3 {
		return "", false
	}
	return "redirected to " + WithoutUserinfo(location), true
}
