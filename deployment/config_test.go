package deployment_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

func TestValidateNamesFieldValueAndBound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg  deployment.Config
		want string
	}{
		"empty":                {deployment.Config{}, `deployment: URL "": is empty, want the endpoint's address as the server reaches it`},
		"only a placeholder":   {deployment.Config{URL: "{{port}}"}, `deployment: URL "{{port}}": does not start with http:// or https://`},
		"no scheme":            {deployment.Config{URL: "localhost:{{port}}"}, `deployment: URL "localhost:{{port}}": does not start with http`},
		"no host":              {deployment.Config{URL: "http://:{{port}}"}, `has no host`},
		"other placeholder":    {deployment.Config{URL: "http://{{host}}:{{port}}"}, `unknown placeholder, only "{{port}}"`},
		"spaced placeholder":   {deployment.Config{URL: "http://a:{{ port }}"}, `unknown placeholder, only "{{port}}"`},
		"one pair of braces":   {deployment.Config{URL: "http://a:{port}"}, `deployment: URL "http://a:{port}": has "{port}", which is not replaced: write "{{port}}" for the port that the endpoint is bound to`},
		"port 0":               {deployment.Config{URL: "http://a:0/b"}, `deployment: URL "http://a:0/b": has port 0, which nobody can call: write "{{port}}"`},
		"port that is invalid": {deployment.Config{URL: "http://a:b"}, `deployment: URL "http://a:b": invalid port`},
		"user":                 {deployment.Config{URL: "http://me:hunter2@a"}, `has a user or password, which the server would not send`},
		"query":                {deployment.Config{URL: "http://a?b=c"}, `has a query or fragment`},
		"empty query":          {deployment.Config{URL: "http://a/?"}, `has a query or fragment`},
		"fragment":             {deployment.Config{URL: "http://a#b"}, `has a query or fragment`},
		"header name":          {deployment.Config{URL: "http://a", AdditionalHeaders: map[string]string{"x y": "hunter2"}}, `deployment: AdditionalHeaders: "x y" is not a header name`},
		"header value":         {deployment.Config{URL: "http://a", AdditionalHeaders: map[string]string{"x": "hunter2\n"}}, `the value of header "x" has a line break`},
		"mode":                 {deployment.Config{URL: "http://a", Mode: "prod"}, `deployment: Mode is "prod", want one of "development", "production", "dry-run", "manual"`},
		"in place":             {deployment.Config{URL: "http://a", InPlace: "wait"}, `deployment: InPlace is "wait", want one of "proceed", "wait-drained", "refuse", "pause-and-list"`},
		"superseded":           {deployment.Config{URL: "http://a", Superseded: "no"}, `deployment: Superseded is "no", want one of "take-over", "refuse", "serve-pinned"`},
		"drain limit":          {deployment.Config{URL: "http://a", DrainLimit: -1}, `deployment: DrainLimit is -1ns, want a positive duration`},
		"move a fixed port":    {deployment.Config{URL: "http://a:1", MoveStranded: true}, `deployment: MoveStranded is true, and URL has no "{{port}}"`},
		"reserved metadata":    {deployment.Config{URL: "http://a", Metadata: map[string]string{"fxrestate.x": "y"}}, `deployment: Metadata: the key "fxrestate.x" begins with "fxrestate.", which is kept for the framework's own`},
		"metadata key":         {deployment.Config{URL: "http://a", Metadata: map[string]string{"": "v"}}, `deployment: Metadata: a key is ""`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.cfg.Validate()
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "hunter2")
			_, err = deployment.NewRegistrar(newClient(t, admin.Config{}), test.cfg, nil)
			require.ErrorContains(t, err, test.want)
		})
	}
	err := deployment.Config{AdditionalHeaders: map[string]string{"": "", " ": ""}}.Validate()
	require.ErrorContains(t, err, "URL")
	require.ErrorContains(t, err, "without a name")
	require.ErrorContains(t, err, `" " is not a header name`)

	for _, url := range []string{
		"http://localhost:{{port}}", "https://a.example", "http://[::1]:{{port}}/prefix/", "http://host.docker.internal:9080",
	} {
		t.Run(url, func(t *testing.T) {
			require.NoError(t, deployment.Config{URL: url}.Validate(), url)
		})
	}
}

func TestPlaceholderWithoutAPort(t *testing.T) {
	t.Parallel()
	registrar := newRegistrar(t, newClient(t, admin.Config{}), deployment.Config{URL: "http://localhost:{{port}}"}, nil)
	for _, port := range []int{0, -1, 65536} {
		t.Run(fmt.Sprintf("port %d", port), func(t *testing.T) {
			_, err := registrar.Register(testkit.Context(t), nobody(port))
			require.ErrorIs(t, err, deployment.ErrNoPort)
			require.ErrorContains(t, err, fmt.Sprintf(`deployment: URL "http://localhost:{{port}}": port %d, want 1 to 65535`, port))
		})
	}
}

func TestRegistrarNeedsAClient(t *testing.T) {
	t.Parallel()
	_, err := deployment.NewRegistrar(nil, deployment.Config{URL: "http://a"}, nil)
	require.EqualError(t, err, "deployment: registrar without an admin client")
}

func TestValuesOfHeadersAreNotShown(t *testing.T) {
	t.Parallel()
	cfg := deployment.Config{URL: "http://me:hunter2@a", Mode: deployment.Production, AdditionalHeaders: map[string]string{"X-Key": "hunter2"}}
	marshalled, err := json.Marshal(cfg)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", cfg)
	for _, text := range []string{
		fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), string(marshalled), log.String(),
	} {
		t.Run(text, func(t *testing.T) {
			require.Contains(t, text, "URL:http://a Mode:production InPlace:refuse")
			require.Contains(t, text, "X-Key")
			require.NotContains(t, text, "hunter2")
		})
	}
}
