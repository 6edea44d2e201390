package sdk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ground are the packages at the bottom of the house, which know nothing of what a
// handler is.
var ground = []string{
	"event",
	"internal/awakeableid",
	"internal/backoff",
	"internal/compat",
	"internal/crash",
	"internal/description",
	"internal/dotgraph",
	"internal/gather",
	"internal/gather/stack",
	"internal/header",
	"internal/httpclient",
	"internal/invocationid",
	"internal/jsontype",
	"internal/manifest",
	"internal/override",
	"internal/payload",
	"internal/printable",
	"internal/protocol",
	"internal/runner",
	"internal/runtime",
	"internal/safeerr",
	"internal/schema",
	"internal/sdk",
	"internal/sdk/fakectx",
	"internal/stableport",
	"internal/tail",
	"internal/tally",
	"internal/textvalue",
}

// mayImport has the table of docs/architecture.md: what a package may import of this
// module. "ground" stands for the packages at the bottom.
var mayImport = map[string][]string{
	"event":                 {},
	"internal/awakeableid":  {},
	"internal/backoff":      {},
	"internal/compat":       {},
	"internal/gather":       {},
	"internal/gather/stack": {},
	"internal/header":       {},
	"internal/httpclient":   {},
	"internal/invocationid": {},
	"internal/jsontype":     {},
	"internal/manifest":     {"internal/printable"},
	"internal/description":  {"internal/manifest"},
	"internal/dotgraph":     {},
	"internal/override":     {},
	"internal/printable":    {},
	"internal/protocol":     {},
	"internal/runtime":      {"internal/protocol"},
	"internal/runner":       {"internal/awakeableid", "internal/httpclient", "internal/invocationid", "internal/manifest", "internal/protocol", "internal/runtime"},
	"internal/safeerr":      {},
	"internal/stableport":   {},
	"internal/tail":         {},
	"internal/tally":        {},
	"internal/textvalue":    {},
	"internal/schema":       {"internal/jsontype"},
	"internal/sdk":          {"internal/protocol", "internal/safeerr"},
	"internal/sdk/fakectx":  {},
	"internal/payload":      {"internal/sdk"},
	"internal/crash":        {"internal/protocol", "internal/runtime", "internal/sdk"},

	"handler":        {"ground"},
	"admin":          {"ground"},
	"devserver":      {"ground"},
	"internal/scope": {"ground", "handler"},
	"internal/gen":   {"ground", "handler"},
	"httpserver":     {"ground"},

	"durable":              {"ground", "handler", "internal/scope"},
	"pipeline":             {"ground", "handler", "internal/scope"},
	"pipeline/httpguard":   {"ground", "handler", "pipeline"},
	"pipeline/validate":    {"ground", "handler", "pipeline"},
	"pipeline/concurrency": {"pipeline"},
	"pipeline/fault":       {"pipeline"},
	"pipeline/httperror":   {"ground", "pipeline"},
	"pipeline/steptimeout": {"ground", "pipeline"},
	"logging":              {"ground", "internal/scope"},

	"durable/cron":      {"ground", "handler", "internal/scope", "durable", "rpc", "ingress", "admin"},
	"durable/ratelimit": {"pipeline", "durable", "rpc", "ingress"},

	"endpoint":   {"ground", "handler", "internal/scope", "pipeline"},
	"rpc":        {"ground", "handler", "internal/scope", "pipeline", "durable"},
	"ingress":    {"ground", "handler", "internal/scope", "durable"},
	"telemetry":  {"ground", "handler", "pipeline"},
	"deployment": {"ground", "admin"},
	"dashboard":  {"ground", "internal/wayout", "handler", "pipeline", "endpoint", "admin", "deployment"},
	"fxrestate": {
		"ground", "internal/wayout", "handler", "pipeline", "durable", "logging", "endpoint", "rpc", "ingress", "admin", "deployment", "httpserver", "telemetry",
		"dashboard",
		"devserver",
		"durable/cron", "durable/ratelimit",
		"kafka",
	},
	"kafka":            {"durable"},
	"restatetest":      {"ground", "internal/journal", "handler", "internal/scope", "pipeline", "durable", "logging", "endpoint", "rpc", "ingress", "admin", "deployment", "devserver", "httpserver", "telemetry", "fxrestate"},
	"internal/journal": {"ground", "admin"},
	"cmd/fxrestate": {
		"internal/gen", "internal/journal", "admin",
		"cmd/fxrestate/internal/application",
		"cmd/fxrestate/internal/dev",
		"cmd/fxrestate/internal/doctor",
		"cmd/fxrestate/internal/drain",
		"cmd/fxrestate/internal/invocations",
		"cmd/fxrestate/internal/server",
		"cmd/fxrestate/internal/state",
		"cmd/fxrestate/internal/subscriptions",
		"cmd/fxrestate/internal/terminal",
		"dashboard",
	},
	"internal/wayout":  {"admin"},
	"internal/browser": {},

	"cmd/fxrestate/internal/application": {"ground", "admin", "deployment", "cmd/fxrestate/internal/terminal", "cmd/fxrestate/internal/server", "cmd/fxrestate/internal/drawing"},
	"cmd/fxrestate/internal/dev":         {"ground", "admin", "deployment", "devserver", "cmd/fxrestate/internal/terminal"},
	"cmd/fxrestate/internal/doctor":      {"ground", "internal/wayout", "admin", "deployment", "ingress", "fxrestate", "cmd/fxrestate/internal/terminal", "cmd/fxrestate/internal/server", "cmd/fxrestate/internal/application"},
	"cmd/fxrestate/internal/drawing":     {"ground"},
	"cmd/fxrestate/internal/terminal":    {"ground"},

	"cmd/fxrestate/internal/invocations":   {"ground", "admin", "internal/journal", "internal/wayout", "cmd/fxrestate/internal/server", "cmd/fxrestate/internal/terminal"},
	"cmd/fxrestate/internal/state":         {"ground", "admin", "cmd/fxrestate/internal/server", "cmd/fxrestate/internal/terminal"},
	"cmd/fxrestate/internal/subscriptions": {"admin", "cmd/fxrestate/internal/server", "cmd/fxrestate/internal/terminal"},
	"cmd/fxrestate/internal/drain":         {"admin", "deployment", "cmd/fxrestate/internal/server", "cmd/fxrestate/internal/terminal"},
	"cmd/fxrestate/internal/server":        {"admin", "fxrestate", "ingress", "cmd/fxrestate/internal/terminal"},
}

// knowFx are the packages that may import the injection framework. What handlers
// import knows nothing of it.
var knowFx = []string{"fxrestate", "devserver", "restatetest"}

// outside are the folders of what stands on the public API, and of what only tests
// use.
var outside = []string{"bench", "examples", "integration", "cmd/fxrestate/internal/commandtest", "internal/testkit", "internal/gen/gentest", "internal/schema/schematest", "internal/sdk/sdktest"}

const module = "github.com/fxrestate/go/"

func within(pkg string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return pkg == f || strings.HasPrefix(pkg, f+"/") })
}

func TestPackagesImportWhatStandsBelowThem(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	listed, err := cmd.Output()
	require.NoError(t, err)
	seen := map[string]bool{}
	for dec := json.NewDecoder(bytes.NewReader(listed)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		pkg := strings.TrimPrefix(p.ImportPath, module)
		if within(pkg, outside) {
			continue
		}
		seen[pkg] = true
		t.Run(pkg, func(t *testing.T) {
			may, ok := mayImport[pkg]
			require.True(t, ok, "say in docs/architecture.md and here where %s stands", pkg)
			for _, path := range p.Imports {
				if within(path, []string{"go.uber.org/fx"}) {
					require.Contains(t, knowFx, pkg, "%s imports %s, which is for the wiring alone", pkg, path)
				}
				imported, own := strings.CutPrefix(path, module)
				if !own || slices.Contains(may, imported) || slices.Contains(may, "ground") && slices.Contains(ground, imported) {
					continue
				}
				require.Fail(t, "an import that runs up", "%s imports %s, and may import %v: see docs/architecture.md", pkg, imported, may)
			}
		})
	}
	for pkg := range mayImport {
		require.True(t, seen[pkg], "%s is gone; take it out of the table", pkg)
	}
}

// unpublished are the SDK's private names, and the ways to look behind the public
// ones.
var unpublished = regexp.MustCompile(`sdk-go/internal|restatecontext|statemachine\b|SuspensionError|genJsonSchema|` +
	`restate\.MockableContext\.|restate\.\w+Option\.Before|GetOptions\(\)\.\w+Codec *=|Reflect\w*\(restate\.`)

// Options of the SDK are read everywhere, by sdk.Options alone.
var readsOptions = regexp.MustCompile(`sdk\.Options\((restate\.)?\w+Option\.Before\w+, `)

func TestOnlyThisPackageKnowsTheSDKsPrivateNames(t *testing.T) {
	t.Parallel()
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || within(name, []string{"examples", "integration"})):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(source), "\n") {
			if !unpublished.MatchString(readsOptions.ReplaceAllString(line, "")) {
				continue
			}
			if strings.HasPrefix(name, "internal/sdk/") {
				found++
				continue
			}
			t.Errorf("%s:%d looks at what the SDK does not publish; let package internal/sdk do it: %s", name, i+1, strings.TrimSpace(line))
		}
		return nil
	})
	require.NoError(t, err)
	require.Positive(t, found, "the search finds nothing where there is something")
}
