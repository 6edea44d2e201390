package description_test

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/description"
)

const shop = `{"protocolMode":"BIDI_STREAM","services":[
	{"name":"pay","ty":"SERVICE","metadata":{"team":"shop"},"inactivityTimeout":90000,"handlers":[
		{"name":"Charge","ingressPrivate":true,"retryPolicyMaxAttempts":3,"retryPolicyExponentiationFactor":1.5,"retryPolicyOnMaxAttempts":"KILL",
		 "input":{"contentType":"application/json","jsonSchema":{"title":"Sale","type":"object"}},
		 "output":{"contentType":"application/json","jsonSchema":{"$ref":"#/$defs/Receipt"}}}]},
	{"name":"cart","ty":"VIRTUAL_OBJECT","handlers":[{"name":"View","ty":"SHARED"},{"name":"Add","ty":"EXCLUSIVE","enableLazyState":true}]},
	{"name":"odd","ty":"ACTOR","handlers":[{"name":"Run","ty":"WORKFLOW","workflowCompletionRetention":3600000}]}]}`

func TestAManifestIsDescribed(t *testing.T) {
	t.Parallel()
	d, err := description.FromManifest([]byte(shop))
	require.NoError(t, err)
	require.Regexp(t, "^sha256:", d.InterfaceHash)
	require.Equal(t, []description.Service{
		{Name: "cart", Kind: "virtual object", Handlers: []description.Handler{
			{Name: "Add", Mode: "exclusive", Pipeline: []description.Member{}, Options: map[string]string{"enable_lazy_state": "true"}},
			{Name: "View", Mode: "shared", Pipeline: []description.Member{}},
		}},
		{Name: "odd", Kind: "actor", Handlers: []description.Handler{
			{Name: "Run", Mode: "workflow run", Pipeline: []description.Member{}, Options: map[string]string{"workflow_completion_retention": "1h0m0s"}},
		}},
		{Name: "pay", Kind: "service", Metadata: map[string]string{"team": "shop"}, Options: map[string]string{"inactivity_timeout": "1m30s"}, Handlers: []description.Handler{
			{
				Name: "Charge", Mode: "concurrent", Pipeline: []description.Member{},
				Input:   description.Payload{Schema: "Sale", ContentType: "application/json"},
				Output:  description.Payload{Schema: "Receipt", ContentType: "application/json"},
				Options: map[string]string{"public": "false", "retry_policy.max_attempts": "3", "retry_policy.exponentiation_factor": "1.5", "retry_policy.on_max_attempts": "kill"},
			},
		}},
	}, d.Services)
}

func TestADocumentIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	d, err := description.FromManifest([]byte(shop))
	require.NoError(t, err)
	d.Services[0].AddLetters("pay/Charge")
	d.Services[0].AddLetters("pay/Charge")
	require.Len(t, d.Services[0].Calls, 1)
	dir := t.TempDir()
	path := filepath.Join(dir, "d.json")
	_, err = description.Read(path)
	require.ErrorIs(t, err, description.ErrNone)
	require.NoError(t, description.Write(path, d))
	read, err := description.Read(path)
	require.NoError(t, err)
	require.JSONEq(t, shop, string(read.Manifest))
	read.Manifest, d.Manifest = nil, nil
	require.Equal(t, d, read)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing temporary is left")
	require.ErrorContains(t, description.Write(filepath.Join(dir, "no", "d.json"), d), "description: ")
	require.ErrorContains(t, description.Write(dir, d), "description: ", "a directory is in the way")
	entries, err = os.ReadDir(filepath.Dir(dir))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing temporary is left")
}

func TestTheBuildIsThatOfTheProgram(t *testing.T) {
	t.Parallel()
	library := &debug.Module{Path: "github.com/fxrestate/go", Version: "v1.2.3"}
	for name, test := range map[string]struct {
		info *debug.BuildInfo
		want description.Build
	}{
		"none": {nil, description.Build{}},
		"a program": {
			&debug.BuildInfo{
				GoVersion: "go1.26.0", Path: "example.com/shop/cmd/app", Main: debug.Module{Path: "example.com/shop", Version: "(devel)"}, Deps: []*debug.Module{library},
				Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-11-27T10:00:00Z"}, {Key: "vcs.modified", Value: "true"}},
			},
			description.Build{
				Fxrestate: "v1.2.3", Go: "go1.26.0", Package: "example.com/shop/cmd/app", Module: "example.com/shop", Version: "(devel)",
				Revision: "abc", Time: "2026-11-27T10:00:00Z", Modified: true,
			},
		},
		"by its files": {
			&debug.BuildInfo{Path: "command-line-arguments", Deps: []*debug.Module{{Path: library.Path, Version: "v1.0.0", Replace: &debug.Module{Path: "../go"}}}},
			description.Build{Fxrestate: "(devel)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, description.BuildOf(test.info))
		})
	}
}

func TestAPlaceIsRelativeToTheModule(t *testing.T) {
	t.Parallel()
	b := description.Build{Package: "example.com/shop/cmd/app", Module: "example.com/shop"}
	for name, test := range map[string]struct{ pkg, file, want string }{
		"of the main package":    {"main", "main.go:3", "cmd/app/main.go:3"},
		"of the module's root":   {"example.com/shop", "a.go:1", "a.go:1"},
		"of another package":     {"example.com/shop/orders", "a.go:1", "orders/a.go:1"},
		"of another module":      {"example.com/shopping", "a.go:1", "example.com/shopping/a.go:1"},
		"of no known place":      {"main", "", ""},
		"of a type without name": {"", "a.go:1", "a.go:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, b.Place(test.pkg, test.file))
		})
	}
	require.Equal(t, "main.go:3", description.Build{}.Place("main", "main.go:3"))
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"format":1,"services":[{"handlers":[{"pipeline":null}]}]}`))
	f.Add([]byte(`{"format":2}`))
	f.Add([]byte(shop))
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = description.Parse(text)
		_, _ = description.FromManifest(text)
	})
}
