package admin

import (
	"context"
	"encoding/json"
	"net/http"
)

// OpenAPI returns the OpenAPI 3.1 document of a service as JSON, for client
// generators. It has the paths of the service's public handlers on the ingress,
// with the schemas of their inputs and outputs. For an unknown service the error
// is an [*Error] with status 404.
func (c *Client) OpenAPI(ctx context.Context, service string) (json.RawMessage, error) {
	var document json.RawMessage
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"services", service, "openapi"}}, &document)
	return document, err
}
