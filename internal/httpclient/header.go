package httpclient

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"golang.org/x/net/http/httpguts"
)

// HostHeader is the header that net/http sends from Request.Host, not from the headers.
const HostHeader = "Host"

// CheckHeader returns an error for a header that cannot be sent. The error quotes the
// name but never the value.
func CheckHeader(name, value string) error {
	switch {
	case name == "":
		return fmt.Errorf("a header without a name")
	case !httpguts.ValidHeaderFieldName(name):
		return fmt.Errorf("%q is not a header name: use letters, digits and !#$%%&'*+-.^_`|~ only", name)
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("the value of header %q has a line break or control character", name)
	default:
		return nil
	}
}

// CheckHeaders returns an error for each header that a client cannot send with its
// requests, in the order of their names. In addition to [CheckHeader] it rejects headers
// that net/http would silently drop or replace, and two headers with the same name. Own
// maps the canonical names of headers that the client itself sets to what to do instead.
func CheckHeaders(headers, own map[string]string) []error {
	var errs []error
	spelled := make(map[string]string, len(headers))
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value, canonical := headers[name], http.CanonicalHeaderKey(name)
		if other, twice := spelled[canonical]; twice {
			errs = append(errs, fmt.Errorf("headers %q and %q are the same; remove one of them", other, name))
		}
		spelled[canonical] = name
		instead, ours := own[canonical]
		switch err := CheckHeader(name, value); {
		case err != nil:
			errs = append(errs, err)
		case ours:
			errs = append(errs, fmt.Errorf("header %s %s", canonical, instead))
		case slices.Contains(connectionHeaders, canonical):
			errs = append(errs, fmt.Errorf("header %s is about the connection or the length of the message, which net/http sets itself; leave it out", canonical))
		case canonical == HostHeader && !validHost(value):
			errs = append(errs, fmt.Errorf("header %s: the value is not a host, want something like \"restate.example.com\"", canonical))
		}
	}
	return errs
}

// connectionHeaders are headers that net/http drops or interprets instead of sending
// them: those of RFC 9110, section 7.6.1, and those for the length of a message.
var connectionHeaders = []string{
	"Connection", "Content-Length", "Expect", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// validHost reports whether net/http sends the host as it is. It sends an empty host in
// place of an invalid one.
func validHost(host string) bool {
	ascii, err := httpguts.PunycodeHostPort(host)
	return err == nil && host != "" && httpguts.ValidHostHeader(ascii)
}
