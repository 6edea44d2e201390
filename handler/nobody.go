package handler

import (
	"fmt"
	"net/http"
	"reflect"

	restate "github.com/restatedev/sdk-go"
)

// checkNoBody reports a body that a request to the ingress declares, and that nothing
// reads. The server lets it through, because a handler without input accepts requests that
// declare JSON and have no body. What other handlers send mostly has no content type, and
// records of Kafka have one that may be anything. An invocation that has begun goes on: an
// earlier version of its handler may have read the body.
func (m *Method) checkNoBody(src Source) error {
	body := m.bodyType()
	if body != nil && body != reflect.TypeFor[restate.Void]() || len(src.Body()) == 0 ||
		src.Header("content-type") == "" || src.Header("restate.subscription.id") != "" || src.Replaying() {
		return nil
	}
	return restate.ToTerminalError(fmt.Errorf("%s takes no input, and the request has a body; leave it out", &m.target),
		restate.WithErrorCode(http.StatusBadRequest))
}
