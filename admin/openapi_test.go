package admin_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// Orders is a service whose input and output have fields.
type Orders struct{}

type Order struct {
	CustomerID string   `json:"customerId"`
	Articles   []string `json:"articles"`
}

type Confirmation struct {
	TrackingNumber int `json:"trackingNumber"`
}

func (*Orders) Place(restate.Context, Order) (Confirmation, error) { return Confirmation{}, nil }

func TestTheOpenAPIDocumentHasTheFieldsOfTheHandlers(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	register(t, client, serve(t, restate.Reflect(new(Orders))))
	document, err := client.OpenAPI(testkit.Context(t), "Orders")
	require.NoError(t, err)

	var parsed struct {
		OpenAPI string
		Paths   map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct {
						Schema struct {
							Ref string `json:"$ref"`
						}
					}
				}
			}
		}
		Components struct {
			Schemas map[string]json.RawMessage
		}
	}
	require.NoError(t, json.Unmarshal(document, &parsed), "%s", document)
	require.Regexp(t, `^3\.1`, parsed.OpenAPI)
	schema := parsed.Paths["/restate/call/Orders/Place"].Post.RequestBody.Content["application/json"].Schema
	name := strings.TrimPrefix(schema.Ref, "#/components/schemas/")
	var input struct{ Properties map[string]any }
	require.NoError(t, json.Unmarshal(parsed.Components.Schemas[name], &input), "%s: %s", name, document)
	require.ElementsMatch(t, []string{"customerId", "articles"}, slices.Collect(maps.Keys(input.Properties)))
	require.Contains(t, string(document), `"trackingNumber":`)
}

func TestThereIsNoOpenAPIDocumentOfAnUnknownService(t *testing.T) {
	t.Parallel()
	document, err := newClient(t, admin.Config{}).OpenAPI(testkit.Context(t), "nobody-there")
	require.Empty(t, document)
	requireError(t, err, http.StatusNotFound, "")
}
