package httpclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// Cause returns why a request got no complete response, without the method and URL that
// net/http adds. If ctx has ended, that is the cause, even if net/http reports another
// error: a dial that hits the deadline reports an i/o timeout, and ctx may have its own
// cause.
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

// InDial tells whether the connection could not be established, so that the request was
// not sent. The error may match context.DeadlineExceeded because of the dialer's own
// deadline.
func InDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// Redirected returns where a response redirects to, without credentials. It returns
// false if the response is not a redirect.
func Redirected(res *http.Response) (message string, ok bool) {
	location := res.Header.Get("Location")
	if location == "" || res.StatusCode/100 != 3 {
		return "", false
	}
	return "redirected to " + WithoutUserinfo(location), true
}
