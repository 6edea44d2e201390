package admin

import (
	"net/http"
	"strings"
)

// known holds what this package knows about an error.
type known struct {
	hint string
	// transient: the same request may succeed later.
	transient bool
}

// codes holds the error codes of Restate that a call of the admin API can return
// (https://docs.restate.dev/references/errors).
var codes = map[string]known{
	"META0003": {hint: "the server cannot reach the endpoint: its URL must lead there from where the server runs, the endpoint must be up, and a gateway in between may need additional headers", transient: true},
	"META0004": {hint: "this URL is registered already: give the new version a URL of its own, or register with force if no invocation of the old one is in flight"},
	"META0005": {hint: "the server cannot propagate its metadata: read its log; as a last resort, start it with a new data directory and register again", transient: true},
	"META0006": {hint: "a service changed its type or lost handlers: rename the service, restore the handlers, or register with force or breaking if nobody needs the old ones"},
	"META0009": {hint: "a subscription goes from kafka://CLUSTER/TOPIC to service://SERVICE/HANDLER: configure the cluster in the server and register the service first"},
	"META0010": {hint: "the server's data was written by another version of it: run that version, migrate the data, or start with a new data directory"},
	"META0011": {hint: "the server's data directory is damaged or from before version 0.8: restore it or start with a new one"},
	"META0012": {hint: "the endpoint's SDK and the server have no protocol version in common: upgrade the older of the two"},
	"META0013": {hint: "the URL does not lead to an endpoint that this server understands: check the port and path of the URL, then whether the versions of the SDK and the server are compatible"},
	"META0014": {hint: "the endpoint, or a proxy in front of it, supports HTTP/1.1 only: serve HTTP/2 without TLS (h2c), or register with HTTP/1.1"},
	"META0015": {hint: "an endpoint on Lambda must announce request-response mode: serve it with the Lambda handler"},
	"META0016": {hint: "an update in place must keep all services, their types and handlers, and the SDK's protocol versions: register a new deployment instead"},
	"META0017": {hint: "two deployments have this URL, so the server cannot tell which to replace: delete one of them first"},
}

// atIngress is a META0003 where the server found its ingress, or that of another one.
var atIngress = known{hint: "the URL leads to the ingress of a server: write the URL of the endpoint"}

// tooOld is a META0003 where the server did reach the SDK, but the SDK refused the
// server's version of discovery because it lacks a feature.
var tooOld = known{hint: "the server is too old for an option of a service, or for the SDK: leave the option out or upgrade the server"}

// rejected is a META0003 where the server did reach the endpoint, which does not accept
// its requests.
var rejected = known{hint: "the endpoint, or a gateway in front of it, rejects the server's requests: if the endpoint has identity keys, give the server the private key of one of them; a gateway may need additional headers", transient: true}

func (e *Error) known() (known, bool) {
	if e.Code == "META0003" && strings.Contains(e.Message, "bad path: ") {
		return atIngress, true
	}
	if e.Code == "META0003" && rejection(e.Message) {
		return rejected, true
	}
	if e.Code == "META0003" && strings.Contains(e.Message, "discovery protocol version") {
		return tooOld, true
	}
	k, ok := codes[e.Code]
	return k, ok
}

// Hint returns what to do about the error, or "".
func (e *Error) Hint() string {
	if known, ok := e.known(); ok {
		return known.hint
	}
	switch {
	case e.origin == fromIngress:
		return "this is the ingress of a server: use the URL of its admin API, by default on port 9070"
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return "check the admin API's auth token"
	case e.Status/100 == 3:
		return "use the address that responds without a redirect"
	case e.Status == http.StatusNotFound && e.origin == fromStranger:
		return "this may not be an admin API, which is on port 9070 of the server by default"
	case e.Status == http.StatusNotImplemented && e.Method == http.MethodDelete:
		return "the server deletes deployments with force only"
	}
	return ""
}

// rejection reports whether the message of a META0003 says that the endpoint answered
// with 401 or 403.
func rejection(message string) bool {
	return strings.HasPrefix(message, "got status code '401") || strings.HasPrefix(message, "got status code '403")
}
