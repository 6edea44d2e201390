package httpclient

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"golang.org/x/net/http/httpguts"
)

// HostHeader is the header that net/http sends by other means than as a header.
const HostHeader = "Host"

// CheckHeader says what is wrong with a header that somebody sends. The error quotes
// the name but never the value.
func CheckHeader(name, value string) error {
	switch {
	case name == "":
		return fmt.Errorf("a header without a name")
	case !httpguts.ValidHeaderFieldName(name):
		return fmt.Errorf("%q is no header name: one has letters, digits and !#$%%&'*+-.^_`|~ only", name)
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("the value of header %q has a line break or control character", name)
	default:
		return nil
	}
}

// CheckHeaders says what is wrong with headers that a client sends with its requests,
// in the order of their names. Beside what [CheckHeader] finds these are headers that
// net/http would drop or send in its own way without a word, and two of one name. Own
// are headers, by their canonical names, that the client itself sets, with what to do
// instead.
func CheckHeaders(headers, own map[string]string) []error {
	var errs []error
	spelled := make(map[string]string, len(headers))
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value, canonical := headers[name], http.CanonicalHeaderKey(name)
		if other, twice := spelled[canonical]; twice {
			errs = append(errs, fmt.Errorf("headers %q and %q are one; keep one of them", other, name))
		}
		spelled[canonical] = name
		instead, ours := own[canonical]
		switch err := CheckHeader(name, value); {
		case err != nil:
			errs = append(errs, err)
		case ours:
			errs = append(errs, fmt.Errorf("header %s %s", canonical, instead))
		case slices.Contains(connectionHeaders, canonical):
			errs = append(errs, fmt.Errorf("header %s is about the connection and the length of a message, which net/http sees to; leave it out", canonical))
		case canonical == HostHeader && !validHost(value):
			errs = append(errs, fmt.Errorf("header %s: the value is no host, want something like \"restate.example.com\"", canonical))
		}
	}
	return errs
}

// connectionHeaders are those that net/http drops, or acts upon instead of sending
// them: RFC 9110, section 7.6.1, and what says how long a message is.
var connectionHeaders = []string{
	"Connection", "Content-Length", "Expect", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// validHost reports a host that net/http sends. It would send an empty one in place of
// any other.
func validHost(host string) bool {
	ascii, err := httpguts.PunycodeHostPort(host)
	return err == nil && host != "" && httpguts.ValidHostHeader(ascii)
}
