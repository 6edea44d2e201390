package handler

import (
	"fmt"
	"net/http"
	"reflect"

	restate "github.com/restatedev/sdk-go"
)

// checkNoBody reports a body that a request to the ingress declares, and that nothing
// reads. The server lets it through, because a handler without input accepts requests that
// declare JSON and have no body. Only such requests declare it: what other handlers send
// has no content type, and records of Kafka have one that may be anything.
func (m *Method) checkNoBody(src Source) error {
	body := m.bodyType()
	if body != nil && body != reflect.TypeFor[restate.Void]() || len(src.Body()) == 0 ||
		src.Header("content-type") == "" || src.Header("restate.subscription.id") != "" {
		return nil
	}
	return restate.ToTerminalError(fmt.Errorf("%s takes no input, and the request has a body; leave it out", &m.target),
		restate.WithErrorCode(http.StatusBadRequest))
}
