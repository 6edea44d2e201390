package admin

import "github.com/fxrestate/go/internal/httpclient"

// CheckHeader returns an error for a header that cannot be sent, by the client
// or, as an additional header of a deployment, by the server. The server's own
// message does not name the header. The error quotes the name but never the
// value.
func CheckHeader(name, value string) error { return httpclient.CheckHeader(name, value) }
