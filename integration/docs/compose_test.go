package docs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/fxrestate/go/devserver"
)

const composeFile = "../../docker-compose.yml"

// composed is what the tests look at of a compose file.
type composed struct {
	Services map[string]struct {
		Image    string
		Profiles []string
		Build    struct {
			Context, Dockerfile string
		}
		Environment map[string]string
		ExtraHosts  []string `yaml:"extra_hosts"`
		Ports       []string
		Volumes     []string
		DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
		Healthcheck struct {
			Test []string
		}
	}
	Volumes map[string]any
}

func readCompose(t *testing.T) (c composed) {
	t.Helper()
	text, err := os.ReadFile(composeFile)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &c))
	return c
}

func TestComposeRunsAServerAndTheQuickstart(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	require.Equal(t, []string{"kafka", "node-1", "node-2", "node-3", "postgres", "quickstart", "restate"}, slices.Sorted(maps.Keys(c.Services)))
	for name, service := range c.Services {
		require.NotEmpty(t, service.Healthcheck.Test, name)
		for _, port := range service.Ports {
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "%s: %s is there for this machine alone", name, port)
		}
	}

	server := c.Services["restate"]
	require.Equal(t, "docker.io/restatedev/restate:"+devserver.DefaultVersion, server.Image)
	require.Contains(t, server.ExtraHosts, "host.docker.internal:host-gateway", "applications on this machine are reached")
	require.Equal(t, []string{"127.0.0.1:8080:8080", "127.0.0.1:9070:9070"}, server.Ports)
	require.NotEmpty(t, server.Environment["RESTATE_NODE_NAME"], "the data is that of a node")
	for _, volume := range server.Volumes {
		name, _, _ := strings.Cut(volume, ":")
		require.Contains(t, c.Volumes, name)
	}

	app := c.Services["quickstart"]
	require.Equal(t, "service_healthy", app.DependsOn["restate"].Condition)
	require.FileExists(t, filepath.Join("../..", app.Build.Context, app.Build.Dockerfile))
}

func TestComposeHasTheDatabaseOfTheShopIfItIsAskedFor(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	database := c.Services["postgres"]
	require.Equal(t, []string{"postgres"}, database.Profiles)
	require.Equal(t, []string{"127.0.0.1:5432:5432"}, database.Ports)

	// The user and the password of the DSN that the shop tells.
	source, err := os.ReadFile("../../examples/shop/main.go")
	require.NoError(t, err)
	user, password := database.Environment["POSTGRES_USER"], database.Environment["POSTGRES_PASSWORD"]
	require.Contains(t, string(source), "postgres://"+user+":"+password+"@localhost/"+user+"?sslmode=disable")
}

func TestComposeHasABrokerThatTheServerKnowsIfItIsAskedFor(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	broker := c.Services["kafka"]
	require.Equal(t, []string{"kafka"}, broker.Profiles)
	require.Regexp(t, `^docker\.io/apache/kafka:\d+\.\d+\.\d+$`, broker.Image)
	for name, service := range c.Services {
		require.NotContains(t, service.DependsOn, "kafka", "%s starts without the profile", name)
	}

	clusters := c.Services["restate"].Environment["RESTATE_INGRESS__KAFKA_CLUSTERS"]
	address := regexp.MustCompile(`^\[\{name="main",brokers=\["PLAINTEXT://([^"]+)"\]\}\]$`).FindStringSubmatch(clusters)
	require.NotNil(t, address, clusters)
	require.Contains(t, strings.Split(broker.Environment["KAFKA_ADVERTISED_LISTENERS"], ","), "CONTAINERS://"+address[1])
	for _, listener := range strings.Split(broker.Environment["KAFKA_LISTENERS"], ",") {
		name, _, _ := strings.Cut(listener, "://")
		require.Contains(t, broker.Environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"], name+":PLAINTEXT")
	}
}

func TestComposeHasAClusterOfWhichANodeCanBeLostIfItIsAskedFor(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	var addresses []string
	for i := 1; i <= 3; i++ {
		name := fmt.Sprintf("node-%d", i)
		addresses = append(addresses, "http://"+name+":5122")
		node := c.Services[name]
		require.Equal(t, []string{"cluster"}, node.Profiles)
		require.Empty(t, node.DependsOn, "a node waits for a majority, which is not there before it")
		require.Equal(t, c.Services["restate"].Image, node.Image)
		require.Equal(t, c.Services["restate"].Healthcheck, node.Healthcheck)
		require.Equal(t, c.Services["restate"].ExtraHosts, node.ExtraHosts)
		require.Equal(t, []string{fmt.Sprintf("127.0.0.1:%d8080:8080", i), fmt.Sprintf("127.0.0.1:%d9070:9070", i)}, node.Ports)
		require.Equal(t, []string{name + "-data:/restate-data"}, node.Volumes, "each has data of its own")
		require.Contains(t, c.Volumes, name+"-data")
	}
	all, err := json.Marshal(addresses)
	require.NoError(t, err)
	for i, address := range addresses {
		name := fmt.Sprintf("node-%d", i+1)
		require.Equal(t, map[string]string{
			"RESTATE_DISABLE_TELEMETRY":          "true",
			"RESTATE_CLUSTER_NAME":               "compose",
			"RESTATE_NODE_NAME":                  name,
			"RESTATE_ADVERTISED_ADDRESS":         address,
			"RESTATE_METADATA_CLIENT__ADDRESSES": string(all),
			"RESTATE_DEFAULT_REPLICATION":        "2",
			"RESTATE_AUTO_PROVISION":             strconv.FormatBool(i == 0),
		}, c.Services[name].Environment)
	}
}

func TestComposeConfiguresTheQuickstartWithVariablesThatItReads(t *testing.T) {
	t.Parallel()
	env := readCompose(t).Services["quickstart"].Environment
	known := configVariables(t)
	known["ADDR"] = true // of the quickstart itself
	for name := range env {
		require.Contains(t, known, name)
	}
	// The quickstart uses a server that runs already when it has both.
	require.Equal(t, "http://restate:8080", env["RESTATE_INGRESS_URL"])
	require.Equal(t, "http://restate:9070", env["RESTATE_ADMIN_URL"])
	require.Equal(t, "http://quickstart:9080", env["RESTATE_DEPLOYMENT_URL"])
}
