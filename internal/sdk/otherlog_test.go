package sdk_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// otherLogs are the ways to write past the application's logger, an http.Server without an
// ErrorLog among them.
var otherLogs = regexp.MustCompile(`slog\.(Default|Debug|Info|Warn|Error|Log)\w*\(|zap\.[LS]\(\)|\blog\.(Print|Fatal|Panic|Default)|` +
	`fmt\.Print|os\.Std(out|err)|\bprintln\(|http\.(ListenAndServe|Serve)\w*\(`)

// mayWriteElsewhere are places where it is wanted, and why.
var mayWriteElsewhere = map[string]string{
	"fxrestate/logger.go": "the default of an application without a logger",
	"fxrestate/run.go":    "what is wrong with an application that has no logger yet",
	"logging/zap.go":      "outside of handlers From has no logger but zap's global one, as it says",
	"ingress/client.go":   "the documented default of a client that is made by hand",

	"restatetest/main.go":   "what is wrong after the last test, which has no log of its own",
	"restatetest/server.go": "that a server is downloaded, which go test shows only there while it goes on",
}

func TestNothingWritesToAnotherLoggerThanTheApplications(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || within(name, []string{"bench", "cmd", "examples", "integration", "internal/testkit", "tools"})):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(source), "\n") {
			code, _, _ := strings.Cut(line, "//")
			if !otherLogs.MatchString(code) {
				continue
			}
			if _, may := mayWriteElsewhere[name]; may {
				found[name] = true
				continue
			}
			t.Errorf("%s:%d writes to another logger; take the application's: %s", name, i+1, strings.TrimSpace(line))
		}
		if strings.Contains(string(source), "http.Server{") && !strings.Contains(string(source), "ErrorLog:") {
			t.Errorf("%s has an http.Server whose errors go to package log; set its ErrorLog", name)
		}
		return nil
	})
	require.NoError(t, err)
	for name := range mayWriteElsewhere {
		require.True(t, found[name], "%s writes to no other logger; take it out of the list", name)
	}
}
