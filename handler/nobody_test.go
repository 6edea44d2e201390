package handler_test

import (
	"net/http"
	"reflect"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

// bodiless has methods that read no body.
type bodiless struct{}

// tenantAlone is a parameter object without properties.
type tenantAlone struct {
	handler.In

	Tenant string `header:"x-tenant"`
}

func (bodiless) None(restate.Context) error                { return nil }
func (bodiless) Void(restate.Context, restate.Void) error  { return nil }
func (bodiless) Tenant(restate.Context, tenantAlone) error { return nil }

// begun is an invocation that has begun.
type begun struct{ invocation }

func (begun) Replaying() bool { return true }

func TestABodyThatNothingReadsIsRefusedWhereAClientDeclaresIt(t *testing.T) {
	t.Parallel()
	d, err := handler.Spec{Type: reflect.TypeFor[bodiless]()}.Describe()
	require.NoError(t, err)
	require.Len(t, d.Methods, 3)
	for name, tt := range map[string]struct {
		body    string
		headers map[string]string
		refused bool
	}{
		"no body":                     {"", nil, false},
		"no body that is JSON":        {"", map[string]string{"content-type": "application/json"}, false},
		"a body of another handler":   {"null", nil, false},
		"a body of a record of Kafka": {"{}", map[string]string{"content-type": "application/json", "restate.subscription.id": "sub_1"}, false},
		"a body of a client":          {"{}", map[string]string{"content-type": "application/json"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range d.Methods {
				_, err := m.Decode(begun{invocation{tt.body, tt.headers}})
				require.NoError(t, err, "%s has begun", m.Name)
				_, err = m.Decode(invocation{tt.body, tt.headers})
				if !tt.refused {
					require.NoError(t, err, m.Name)
					continue
				}
				require.EqualValues(t, http.StatusBadRequest, handler.CodeOf(err), m.Name)
				require.ErrorContains(t, err, "bodiless/"+m.Name+" takes no input, and the request has a body; leave it out")
			}
		})
	}
}
