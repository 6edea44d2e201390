package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/manifest"
)

// sample has every kind of field.
const sample = `{
	"minProtocolVersion": 5, "maxProtocolVersion": 7, "protocolMode": "BIDI_STREAM",
	"services": [
		{"name": "Orders", "ty": "WORKFLOW", "documentation": "Orders.", "metadata": {"revision": "1"},
			"workflowCompletionRetention": 86400000,
			"handlers": [
				{"name": "Run", "ty": "WORKFLOW", "metadata": {"owner": "shop"}, "documentation": "Runs.",
					"input": {"required": true, "contentType": "application/json", "jsonSchema":
						{"type": "object", "required": ["id", "amount"], "properties": {"id": {"type": "string"}, "amount": {"type": "integer", "maximum": 9007199254740993}}}},
					"output": {"contentType": "application/json", "setContentTypeIfEmpty": false}},
				{"name": "Status", "ty": "SHARED", "retryPolicyMaxAttempts": 3, "retryPolicyExponentiationFactor": 1.5}
			]},
		{"name": "Cart", "ty": "VIRTUAL_OBJECT", "handlers": [{"name": "Add", "ty": "EXCLUSIVE"}]}
	]
}`

func parse(t testing.TB, raw string) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Parse([]byte(raw))
	require.NoError(t, err)
	return m
}

// A hash that changes makes each application register anew at its next start, and be
// refused where invocations are in flight. If it must change, the changelog says why.
func TestTheHashesAreGolden(t *testing.T) {
	m := parse(t, sample)
	require.Equal(t, "sha256:53b44c0c2d188dd283487271bd6db38dc4ca45fc14950ec93ac12f9fdc70f7a1", m.InterfaceHash())
	require.Equal(t, "sha256:b114fd5b4b7da4a722e0a82443dd5d4b71952927c018b63a4c6e48a571dcb3bc", m.Hash(m.InterfaceHash()))
}

func TestTheInterfaceHash(t *testing.T) {
	for _, row := range []struct {
		name     string
		old, new string
		changes  bool
		// manifest: the hash of the whole manifest changes
		manifest bool
	}{
		{"the name of a service", `"Orders"`, `"Order"`, true, true},
		{"the kind of a service", `"ty": "WORKFLOW", "documentation": "Orders."`, `"ty": "SERVICE", "documentation": "Orders."`, true, true},
		{"the name of a handler", `"Status"`, `"State"`, true, true},
		{"the kind of a handler", `"ty": "EXCLUSIVE"`, `"ty": "SHARED"`, true, true},
		{"a type in a schema", `"id": {"type": "string"}`, `"id": {"type": "integer"}`, true, true},
		{"a large number in a schema", `9007199254740993`, `9007199254740992`, true, true},
		{"a field that is required", `["id", "amount"]`, `["id"]`, true, true},
		{"a content type", `"output": {"contentType": "application/json"`, `"output": {"contentType": "text/plain"`, true, true},
		{"an option of a service", `86400000`, `86400001`, true, true},
		{"an option of a handler", `"retryPolicyMaxAttempts": 3`, `"retryPolicyMaxAttempts": 4`, true, true},
		{"an option that goes", `"retryPolicyMaxAttempts": 3, `, ``, true, true},
		{"the protocol", `"BIDI_STREAM"`, `"REQUEST_RESPONSE"`, true, true},
		{"a version of the protocol", `"maxProtocolVersion": 7`, `"maxProtocolVersion": 8`, true, true},

		{"metadata of a service", `"revision": "1"`, `"revision": "2"`, false, true},
		{"metadata of a handler", `"owner": "shop"`, `"owner": "us"`, false, true},
		{"documentation of a service", `Orders.`, `All orders.`, false, true},
		{"documentation of a handler", `Runs.`, `It runs.`, false, true},

		{"the order of required fields", `["id", "amount"]`, `["amount", "id"]`, false, false},
		{"the order of keys", `"minProtocolVersion": 5, "maxProtocolVersion": 7`, `"maxProtocolVersion": 7, "minProtocolVersion": 5`, false, false},
		{"white space", ` `, "\n ", false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Contains(t, sample, row.old)
			was, is := parse(t, sample), parse(t, strings.ReplaceAll(sample, row.old, row.new))
			require.Equal(t, row.changes, was.InterfaceHash() != is.InterfaceHash())
			require.Equal(t, row.manifest, was.Hash(was.InterfaceHash()) != is.Hash(is.InterfaceHash()))
		})
	}
}

func TestTheOrderOfServicesAndHandlersDoesNotCount(t *testing.T) {
	const (
		cart = `{"name": "Cart", "ty": "VIRTUAL_OBJECT", "handlers": [%s]}`
		add  = `{"name": "Add"}`
		view = `{"name": "View"}`
	)
	of := func(services ...string) *manifest.Manifest {
		return parse(t, `{"services": [`+strings.Join(services, ",")+`]}`)
	}
	with := func(handlers ...string) string {
		return strings.ReplaceAll(cart, "%s", strings.Join(handlers, ","))
	}
	other := `{"name": "Other", "ty": "SERVICE", "handlers": []}`
	one, two := of(with(add, view), other), of(other, with(view, add))
	require.Equal(t, one.InterfaceHash(), two.InterfaceHash())
	require.Equal(t, one.Hash(""), two.Hash(""))
	require.Equal(t, one.Services, two.Services)
	require.Equal(t, []string{"Cart", "Other"}, one.Names())
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"services":[{"name":1}]}`))
	f.Add([]byte(`{"services":[null,{"handlers":[null]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := manifest.Parse(raw)
		if err != nil {
			return
		}
		require.Regexp(t, "^sha256:[0-9a-f]{64}$", m.InterfaceHash())
		require.Regexp(t, "^sha256:[0-9a-f]{64}$", m.Hash(m.InterfaceHash()))
		require.Len(t, m.Names(), len(m.Services))
	})
}

func TestDetails(t *testing.T) {
	all, err := parse(t, sample).Details()
	require.NoError(t, err)
	require.Equal(t, "Orders", all[1].Name)
	require.Equal(t, "Status", all[1].Handlers[1].Name)
	require.EqualValues(t, 3, *all[1].Handlers[1].RetryMaxAttempts)
	require.NotEmpty(t, all[1].Handlers[0].Input.Schema)
	_, err = parse(t, `{"services":[{"name":1}]}`).Details()
	require.ErrorContains(t, err, "manifest: ")
}

// A start in production pays for this.
func BenchmarkHash(b *testing.B) {
	services := make([]string, 200)
	for i := range services {
		handlers := make([]string, 5)
		for j := range handlers {
			handlers[j] = fmt.Sprintf(`{"name":"H%d","input":{"required":true,"contentType":"application/json","jsonSchema":%[2]s},"output":{"jsonSchema":%[2]s}}`, j,
				`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["id","amount","customer"],"properties":{"id":{"type":"string"},"amount":{"type":"integer"},"customer":{"type":"object","properties":{"name":{"type":"string"}}}}}`)
		}
		services[i] = fmt.Sprintf(`{"name":"S%d","ty":"SERVICE","handlers":[%s]}`, i, strings.Join(handlers, ","))
	}
	raw := []byte(`{"services":[` + strings.Join(services, ",") + `]}`)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		m, err := manifest.Parse(raw)
		require.NoError(b, err)
		m.Hash(m.InterfaceHash())
	}
}
