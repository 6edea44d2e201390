package compat_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/internal/compat"
)

const (
	begin = "<!-- compatibility: internal/compat -->\n"
	end   = "<!-- end of compatibility -->\n"
)

func TestTheTableSaysWhatTheModulePins(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	mod, err := modfile.Parse("go.mod", text, nil)
	require.NoError(t, err)

	require.Equal(t, compat.Go().Minimum, strings.TrimSuffix(mod.Go.Version, ".0"), "go.mod's go line is the oldest Go")
	sdk := ""
	for _, r := range mod.Require {
		if r.Mod.Path == compat.SDK().Name {
			sdk = r.Mod.Version
		}
	}
	require.Equal(t, "v"+compat.SDK().Tested, sdk)
	require.Equal(t, compat.Server().Tested, devserver.DefaultVersion)
	for _, r := range compat.All() {
		t.Run(r.Name, func(t *testing.T) {
			require.LessOrEqual(t, semver.Compare("v"+r.Minimum, "v"+r.Tested), 0)
			require.NotEmpty(t, r.Why)
		})
	}
}

// The documents that have the table have it between two comments.
func TestTheDocumentsHaveTheTable(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	var found []string
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		_, after, ok := strings.Cut(string(text), begin)
		if !ok {
			continue
		}
		found = append(found, filepath.Base(file))
		t.Run(filepath.Base(file), func(t *testing.T) {
			table, _, ok := strings.Cut(after, end)
			require.True(t, ok, "it ends with %s", end)
			require.Equal(t, "\n"+compat.Markdown()+"\n", table, "put this table there")
		})
	}
	require.Equal(t, []string{"compatibility.md", "README.md"}, found)
}

func TestAVersionIsJudged(t *testing.T) {
	t.Parallel()
	r := compat.Requirement{Name: "server", Minimum: "1.6.2", Tested: "1.7.12", Why: "lacks `it`"}
	for version, test := range map[string]struct {
		want   compat.Verdict
		advice string
	}{
		"1.6.2":                    {compat.Fits, ""},
		"1.6.2-rc.1":               {compat.Fits, ""},
		"1.6.2+build":              {compat.Fits, ""},
		"1.7.12":                   {compat.Fits, ""},
		"1.7.99":                   {compat.Fits, ""},
		"1.6.1":                    {compat.TooOld, "upgrade server to 1.6.2 or later: an older one lacks it"},
		"0.9.0":                    {compat.TooOld, "upgrade server to 1.6.2 or later: an older one lacks it"},
		"1.8.0":                    {compat.Untested, "this version of fxrestate was tested with server 1.7.12: look for a newer one"},
		"1.8.0-dev":                {compat.Untested, "this version of fxrestate was tested with server 1.7.12: look for a newer one"},
		"2.0.0":                    {compat.Untested, "this version of fxrestate was tested with server 1.7.12: look for a newer one"},
		"":                         {compat.Unknown, "compare it with 1.6.2, the oldest server that works"},
		"nightly":                  {compat.Unknown, "compare it with 1.6.2, the oldest server that works"},
		"v1.7.0":                   {compat.Unknown, "compare it with 1.6.2, the oldest server that works"},
		"1.7.12\x1b[31m":           {compat.Unknown, "compare it with 1.6.2, the oldest server that works"},
		strings.Repeat("1", 10000): {compat.Untested, "this version of fxrestate was tested with server 1.7.12: look for a newer one"},
	} {
		t.Run(version[:min(len(version), 20)], func(t *testing.T) {
			require.Equal(t, test.want, r.Of(version))
			require.Equal(t, test.advice, r.Advice(version))
		})
	}
}

func FuzzAnyVersionIsJudged(f *testing.F) {
	for _, v := range []string{"1.7.12", "1.7.0-rc.1+x", "", "v", "-", "1", "1.2.3-"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, version string) {
		r := compat.Server()
		require.Equal(t, r.Of(version) == compat.Fits, r.Advice(version) == "")
		require.NotContains(t, r.Advice(version), "\x1b")
	})
}
