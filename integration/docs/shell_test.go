package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The parts of a page that make its blocks of shell.
var (
	shellBlock     = regexp.MustCompile("(?ms)^( *)```(?:sh|bash|shell|console)\n(.*?)^ *```$")
	shellComment   = regexp.MustCompile(`(?m)(?:^|\s+)#.*$`)
	shellWord      = regexp.MustCompile(`(?:'[^']*'|[^\s'])+`)
	shellVariable  = regexp.MustCompile(`^([A-Z][A-Z0-9_]*)=(.*)$`)
	sectionHeading = regexp.MustCompile(`(?m)^##+ (.+)$`)
)

// shell is a block of shell of a page.
type shell struct {
	section  string
	line     int
	commands []command
}

// command is one command of a block: variables of its environment, and words, which are
// none if it is about variables alone.
type command struct{ env, words []string }

func (c command) String() string { return strings.Join(slices.Concat(c.env, c.words), " ") }

func shells(p page) (all []shell) {
	for _, m := range shellBlock.FindAllStringSubmatchIndex(p.text, -1) {
		s := shell{line: 1 + strings.Count(p.text[:m[0]], "\n")}
		if above := sectionHeading.FindAllStringSubmatch(fence.ReplaceAllString(p.text[:m[0]], ""), -1); above != nil {
			s.section = above[len(above)-1][1]
		}
		text := strings.ReplaceAll(p.text[m[4]:m[5]], "\\\n", " ")
		for line := range strings.Lines(shellComment.ReplaceAllString(text, "")) {
			for part := range strings.SplitSeq(line, "&&") {
				if c := commandOf(part); c.String() != "" {
					s.commands = append(s.commands, c)
				}
			}
		}
		all = append(all, s)
	}
	return all
}

func commandOf(line string) (c command) {
	for _, word := range shellWord.FindAllString(line, -1) {
		word = strings.ReplaceAll(word, "'", "")
		if len(c.words) == 0 && shellVariable.MatchString(word) {
			c.env = append(c.env, word)
		} else {
			c.words = append(c.words, word)
		}
	}
	return c
}

// provenElsewhere are variables of restate-server, which ignores names that it does not know,
// with the file of a test that gives it them.
var provenElsewhere = map[string]string{
	"RESTATE_INGRESS__KAFKA_CLUSTERS":               "integration/kafka/main_test.go",
	"RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE": "internal/testkit/signing.go",
	"RESTATE_TRACING_ENDPOINT":                      "telemetry/collector_test.go",
}

// shellRules say of each command that pages have what must be so.
var shellRules = []struct {
	is    *regexp.Regexp // of the words
	check func(t *testing.T, words []string)
}{
	{regexp.MustCompile(`^$`), func(*testing.T, []string) {}}, // variables alone
	{regexp.MustCompile(`^(go tool )?fxrestate `), parsedByTheCommand},
	{regexp.MustCompile(`^go (-C \S+ )?(run|test|vet|build) `), ofPackages},
	{regexp.MustCompile(`^go get (-tool )?\S+$`), gettable},
	{regexp.MustCompile(`^alias fxrestate=go tool fxrestate$`), func(*testing.T, []string) {}},
	{regexp.MustCompile(`^go mod tidy$`), func(*testing.T, []string) {}},
	{regexp.MustCompile(`^make [a-z -]+$`), namedIn("Makefile", "\n%s: ")},
	{regexp.MustCompile(`^\.ci/run( [a-z]+)*$`), namedIn(".ci/run", "\ncheck_%s() {")},
	// The quick start, and the service of one's own: see the blocks of README.
	{regexp.MustCompile(`^curl (-X [A-Z]+ )?http://127\.0\.0\.1:(3000|8080)/\S+`), func(*testing.T, []string) {}},
	{regexp.MustCompile(`^docker compose (--profile [a-z]+ )?(up --wait|kill)( [a-z0-9-]+)*$`), ofCompose},
	{regexp.MustCompile(`^curl http://localhost:9070/\S+ `), ofTheAdminAPI},
	// Programs of others.
	{regexp.MustCompile(`^(aws lambda|zip) `), func(*testing.T, []string) {}},
	{regexp.MustCompile(`^restate-server$`), func(*testing.T, []string) {}},
	{regexp.MustCompile(`^openssl genpkey -algorithm ed25519 -outform pem -out identity\.pem$`), func(*testing.T, []string) {}},
}

func TestTheCommandsOfEachPageAreThere(t *testing.T) {
	t.Parallel()
	known := configVariables(t)
	for _, p := range pages(t) {
		for _, s := range shells(p) {
			for _, c := range s.commands {
				t.Run(fmt.Sprintf("%s:%d %s", filepath.Base(p.path), s.line, c), func(t *testing.T) {
					for _, variable := range c.env {
						name := shellVariable.FindStringSubmatch(variable)[1]
						if file := provenElsewhere[name]; file != "" {
							text, err := os.ReadFile(filepath.Join("../..", file))
							require.NoError(t, err)
							require.Contains(t, string(text), name)
							continue
						}
						require.True(t, known[name] || goVariables[name], "neither fxrestate.ConfigFromEnv nor a server reads %s", name)
					}
					words := strings.Join(c.words, " ")
					for _, rule := range shellRules {
						if rule.is.MatchString(words) {
							rule.check(t, c.words)
							return
						}
					}
					require.Fail(t, "no rule is for this command", words)
				})
			}
		}
	}
}

// ofCompose fails if docker-compose.yml lacks a profile or a service.
func ofCompose(t *testing.T, words []string) {
	t.Helper()
	c := readCompose(t)
	var profiles []string
	for _, service := range c.Services {
		profiles = append(profiles, service.Profiles...)
	}
	for i, word := range words[3:] {
		switch {
		case words[2+i] == "--profile":
			require.Contains(t, profiles, word)
		case word != "up" && !strings.HasPrefix(word, "--"):
			require.Contains(t, c.Services, word)
		}
	}
}

// ofTheAdminAPI fails if the admin API has no such path.
func ofTheAdminAPI(t *testing.T, words []string) {
	t.Helper()
	text, err := os.ReadFile("../../admin/testdata/openapi.json")
	require.NoError(t, err)
	_, path, _ := strings.Cut(words[1], ":9070")
	require.Contains(t, string(text), fmt.Sprintf("%q: {", path))
}

// goVariables are of the go command.
var goVariables = map[string]bool{"GOOS": true, "GOARCH": true, "CGO_ENABLED": true}

// parsedByTheCommand leaves the command line to the test beside the command, which is a
// program that no other package can import.
func parsedByTheCommand(t *testing.T, _ []string) {
	t.Helper()
	text, err := os.ReadFile("../../cmd/fxrestate/operations_test.go")
	require.NoError(t, err)
	require.Contains(t, string(text), "func TestTheCommandsOfTheDocumentationExist(")
}

// ofPackages fails if there is no folder of a package.
func ofPackages(t *testing.T, words []string) {
	t.Helper()
	dir, packages := "../..", 0
	for i, word := range words {
		switch {
		case word == "-C":
			dir = filepath.Join(dir, words[i+1])
		case word == "." || strings.HasPrefix(word, "./"):
			packages++
			require.DirExists(t, filepath.Join(dir, strings.TrimSuffix(word, "...")))
		}
	}
	require.Equal(t, 1, packages)
}

// gettable fails if a module is none that this one has or needs.
func gettable(t *testing.T, words []string) {
	t.Helper()
	path, version, versioned := strings.Cut(words[len(words)-1], "@")
	own, ok := strings.CutPrefix(path, "github.com/fxrestate/go/")
	if !ok {
		require.True(t, versioned && version == "VERSION", "the reader puts a version there")
		text, err := os.ReadFile("../../go.mod")
		require.NoError(t, err)
		require.Contains(t, string(text), "\t"+path+" v")
		return
	}
	// Of the module alone, go get adds no sum of what its packages import.
	sources, err := filepath.Glob(filepath.Join("../..", own, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, sources, "%s is no package", path)
}

// namedIn returns a check that a file has each word of a command after the first.
func namedIn(file, format string) func(t *testing.T, words []string) {
	return func(t *testing.T, words []string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("../..", file))
		require.NoError(t, err)
		for _, word := range words[1:] {
			require.Contains(t, string(text), fmt.Sprintf(format, word))
		}
	}
}

// Each block of shell of the README runs in CI: a row says what runs it.
func TestEachBlockOfShellOfTheReadmeIsRun(t *testing.T) {
	t.Parallel()
	const fresh, here = ".ci/fresh", "integration/docs/service_test.go"
	runs := []struct{ section, command, by, how string }{
		{"Two commands", "go run ./examples/quickstart", fresh, `commands "Two commands"`},
		{"Two commands", "go test ./...", fresh, `commands "Two commands"`},
		{"Quick start", `curl -X POST http://127.0.0.1:3000/carts/ada/items -d {"sku":"teapot","quantity":2,"price":1950}`, fresh, `commands "Quick start"`},
		{"Quick start", `curl -X PUT http://127.0.0.1:3000/orders/1001 -d {"customer":"ada"}`, fresh, `commands "Quick start"`},
		{"Quick start", "curl http://127.0.0.1:3000/orders/1001", fresh, `commands "Quick start"`},
		{"A service of your own", "go get github.com/fxrestate/go/fxrestate", here, `commandWith(t, "A service of your own", "get")`},
		{"A service of your own", "RESTATE_DEPLOYMENT_URL=http://127.0.0.1:9080 go run .", here, `commandWith(t, "A service of your own", "run")`},
		{"A service of your own", `curl http://127.0.0.1:8080/Payments/Charge -H content-type: application/json -d {"cents":1200}`, here, `commandWith(t, "A service of your own", "curl")`},
		{"The command line", "go get -tool github.com/fxrestate/go/cmd/fxrestate", here, `commandWith(t, "The command line", "get")`},
		{"The command line", "go tool fxrestate --help", here, `commandWith(t, "The command line", "--help")`},
	}
	var have, want []string
	for _, s := range shells(readPage(t, readme)) {
		for _, c := range s.commands {
			have = append(have, s.section+": "+c.String())
		}
	}
	for _, run := range runs {
		want = append(want, run.section+": "+run.command)
		text, err := os.ReadFile(filepath.Join("../..", run.by))
		require.NoError(t, err)
		require.Contains(t, string(text), run.how, run.by)
	}
	require.Equal(t, want, have, "a command that no row knows is not run")
}
