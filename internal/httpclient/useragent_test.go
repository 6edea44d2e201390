package httpclient_test

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/httpclient"
)

func TestTheUserAgentHasTheVersionOfTheModule(t *testing.T) {
	t.Parallel()
	const ours = "github.com/fxrestate/go"
	app := debug.Module{Path: "example.com/app", Version: "v9.9.9"}
	for name, test := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"a dependency of the application": {
			&debug.BuildInfo{Main: app, Deps: []*debug.Module{{Path: "example.com/other", Version: "v7.0.0"}, {Path: ours, Version: "v1.2.3"}}}, "1.2.3",
		},
		"the main module":                {&debug.BuildInfo{Main: debug.Module{Path: ours, Version: "v0.0.0-20261126-abcdef+dirty"}}, "0.0.0-20261126-abcdef+dirty"},
		"the main module, not stamped":   {&debug.BuildInfo{Main: debug.Module{Path: ours, Version: "(devel)"}}, "devel"},
		"a fork in place of the module":  {&debug.BuildInfo{Main: app, Deps: []*debug.Module{{Path: ours, Version: "v1.2.3", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.2.4"}}}}, "1.2.4"},
		"a directory in its place":       {&debug.BuildInfo{Main: app, Deps: []*debug.Module{{Path: ours, Version: "v1.2.3", Replace: &debug.Module{Path: "../go"}}}}, "devel"},
		"a build that does not know it":  {&debug.BuildInfo{Main: app}, "devel"},
		"a build without any modules":    {&debug.BuildInfo{}, "devel"},
		"a binary without what it is of": {nil, "devel"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, httpclient.ModuleVersion(test.info))
		})
	}
}

func TestEachRequestSaysWhoMadeIt(t *testing.T) {
	t.Parallel()
	requests, err := httpclient.Settings{DefaultURL: "http://localhost"}.Requests()
	require.NoError(t, err)
	require.Regexp(t, `^fxrestate/(devel|\d+\.\d+\.\d+\S*)$`, requests.Header.Get("User-Agent"))
}
