package admin

import "github.com/fxrestate/go/internal/httpclient"

// CheckHeader says what is wrong with a header that is to be sent by the
// client or, as one of a deployment's additional headers, by the server. The
// server's own words for such a header do not name it. The error quotes the
// name but never the value.
func CheckHeader(name, value string) error { return httpclient.CheckHeader(name, value) }
