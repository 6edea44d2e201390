package docs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.yaml.in/yaml/v3"

	"github.com/fxrestate/go/httpserver"
)

const (
	manifests = "../../examples/k8s/"
	release   = "r1" // of the manifests
)

// resource is what the tests look at of resources of Kubernetes, whatever their kinds.
// Package tools has a test that they have no other fields than Kubernetes knows.
type resource struct {
	Kind     string
	Metadata struct {
		Name, Namespace string
		Labels          map[string]string
	}
	Data map[string]string // of a ConfigMap
	Spec struct {
		Selector       selector
		Ports          []servicePort
		Unready        bool `yaml:"publishNotReadyAddresses"`
		MaxUnavailable int  `yaml:"maxUnavailable"`
		Replicas       int
		Template       struct {
			Metadata struct{ Labels map[string]string }
			Spec     pod
		}
	}
}

// selector is that of a Service, or the matchLabels of others.
type selector map[string]string

func (s *selector) UnmarshalYAML(node *yaml.Node) error {
	var others struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}
	if err := node.Decode(&others); err == nil && others.MatchLabels != nil {
		*s = others.MatchLabels
		return nil
	}
	return node.Decode((*map[string]string)(s))
}

func (s selector) selects(labels map[string]string) bool {
	for name, value := range s {
		if labels[name] != value {
			return false
		}
	}
	return len(s) > 0
}

type servicePort struct {
	Name        string
	Port        int
	TargetPort  string `yaml:"targetPort"`
	AppProtocol string `yaml:"appProtocol"`
}

type pod struct {
	Grace      int   `yaml:"terminationGracePeriodSeconds"`
	Links      *bool `yaml:"enableServiceLinks"`
	Containers []container
}

type container struct {
	Name, Image string
	Ports       []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	EnvFrom []struct {
		ConfigMapRef struct{ Name string } `yaml:"configMapRef"`
	} `yaml:"envFrom"`
	Env []struct {
		Name, Value string
		ValueFrom   struct {
			SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
		} `yaml:"valueFrom"`
	}
	Resources       struct{ Requests, Limits map[string]string }
	SecurityContext map[string]any `yaml:"securityContext"`
	ReadinessProbe  probe          `yaml:"readinessProbe"`
	LivenessProbe   probe          `yaml:"livenessProbe"`
	Lifecycle       struct {
		PreStop struct{ Sleep struct{ Seconds int } } `yaml:"preStop"`
	}
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

// readManifests reads files, in which each version is the named one.
func readManifests(t *testing.T, version string, files ...string) (all []resource) {
	t.Helper()
	for _, file := range files {
		text, err := os.ReadFile(manifests + file)
		require.NoError(t, err)
		for decoder := yaml.NewDecoder(bytes.NewReader(bytes.ReplaceAll(text, []byte(release), []byte(version)))); ; {
			var r resource
			err := decoder.Decode(&r)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, file)
			all = append(all, r)
		}
	}
	return all
}

// one returns the resource of a kind and a name.
func one(t *testing.T, all []resource, kind, name string) resource {
	t.Helper()
	for _, r := range all {
		if r.Kind == kind && r.Metadata.Name == name {
			return r
		}
	}
	require.FailNow(t, "no such resource", "%s %s", kind, name)
	panic("unreachable")
}

// only returns the container of a Deployment or a RestateDeployment.
func (r resource) only(t *testing.T) container {
	t.Helper()
	require.Len(t, r.Spec.Template.Spec.Containers, 1)
	return r.Spec.Template.Spec.Containers[0]
}

func (c container) port(t *testing.T, name string) int {
	t.Helper()
	for _, p := range c.Ports {
		if p.Name == name {
			return p.ContainerPort
		}
	}
	require.FailNow(t, "no such port", name)
	panic("unreachable")
}

// environment returns the variables of a container, with values for keys of Secrets.
func (c container) environment(t *testing.T, all []resource, secrets map[string]string) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, from := range c.EnvFrom {
		for name, value := range one(t, all, "ConfigMap", from.ConfigMapRef.Name).Data {
			env[name] = value
		}
	}
	for _, v := range c.Env {
		env[v.Name] = v.Value
		if key := v.ValueFrom.SecretKeyRef; key.Name != "" {
			value, ok := secrets[key.Name+"/"+key.Key]
			require.True(t, ok, "README.md makes no Secret with %s/%s", key.Name, key.Key)
			env[v.Name] = value
		}
	}
	return env
}

// ofSecrets are the keys of the Secrets that README.md makes, with a value.
func ofSecrets(t *testing.T, value string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(manifests + "README.md")
	require.NoError(t, err)
	made := regexp.MustCompile(`kubectl -n shop create secret generic (\S+) --from-literal=(\w+)=`).FindStringSubmatch(string(text))
	require.NotNil(t, made)
	return map[string]string{made[1] + "/" + made[2]: value}
}

func versioned(t *testing.T) []resource { return readManifests(t, release, "app.yaml", "version.yaml") }

// pods are the resources with pods, by the file that has them.
func pods(t *testing.T) map[string]struct {
	resource
	all []resource
} {
	t.Helper()
	own, others := versioned(t), readManifests(t, release, "app.yaml", "operator.yaml")
	return map[string]struct {
		resource
		all []resource
	}{
		"version.yaml":  {one(t, own, "Deployment", "quickstart-r1"), own},
		"operator.yaml": {one(t, others, "RestateDeployment", "quickstart"), others},
	}
}

func TestPodsServeAtThePortsAndPathsThatKubernetesAsks(t *testing.T) {
	t.Parallel()
	for file, r := range pods(t) {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			c := r.only(t)
			env := c.environment(t, r.all, ofSecrets(t, "a key"))
			require.Equal(t, env["PORT"], fmt.Sprint(c.port(t, "restate")))
			require.Equal(t, env["ADDR"], fmt.Sprintf(":%d", c.port(t, "api")))
			image, err := os.ReadFile("../../examples/Dockerfile")
			require.NoError(t, err)
			require.Contains(t, string(image), fmt.Sprintf("EXPOSE %d %d\n", c.port(t, "api"), c.port(t, "restate")))

			require.Equal(t, httpserver.DefaultReadyPath, c.ReadinessProbe.HTTPGet.Path)
			require.Equal(t, httpserver.DefaultLivePath, c.LivenessProbe.HTTPGet.Path)
			require.Equal(t, "api", c.ReadinessProbe.HTTPGet.Port)
			require.Equal(t, "api", c.LivenessProbe.HTTPGet.Port)

			template := r.Spec.Template
			require.True(t, r.Spec.Selector.selects(template.Metadata.Labels))
			api := one(t, r.all, "Service", "quickstart").Spec
			require.True(t, api.Selector.selects(template.Metadata.Labels))
			require.Equal(t, []servicePort{{Name: "http", Port: 80, TargetPort: "api"}}, api.Ports)
			require.NotNil(t, template.Spec.Links)
			require.False(t, *template.Spec.Links, "a Service named restate would set RESTATE_PORT and others")
		})
	}
}

func TestPodsHaveVariablesThatTheApplicationReads(t *testing.T) {
	t.Parallel()
	known := configVariables(t)
	known["ADDR"], known["GOMEMLIMIT"] = true, true // of the quickstart, and of Go
	for file, r := range pods(t) {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			for name := range r.only(t).environment(t, r.all, ofSecrets(t, "a key")) {
				require.Contains(t, known, name)
			}
		})
	}
}

func TestPodsHaveTimeToStopAndMemoryToCollect(t *testing.T) {
	t.Parallel()
	for file, r := range pods(t) {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			c := r.only(t)
			env := c.environment(t, r.all, ofSecrets(t, "a key"))
			drain, err := time.ParseDuration(env["RESTATE_DRAIN_TIMEOUT"])
			require.NoError(t, err)
			require.Less(t, drain, fx.DefaultTimeout, "fx ends its stop then")
			preStop := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds) * time.Second
			require.Positive(t, preStop)
			require.Less(t, preStop+fx.DefaultTimeout, time.Duration(r.Spec.Template.Spec.Grace)*time.Second)

			var goes, has int
			_, err = fmt.Sscanf(env["GOMEMLIMIT"], "%dMiB", &goes)
			require.NoError(t, err)
			_, err = fmt.Sscanf(c.Resources.Limits["memory"], "%dMi", &has)
			require.NoError(t, err)
			require.Equal(t, has*9/10, goes)
		})
	}
}

// The operator's pods are those of a version, but that somebody else registers them.
func TestTheOperatorRunsTheSameContainer(t *testing.T) {
	t.Parallel()
	all := pods(t)
	own, others := all["version.yaml"].only(t), all["operator.yaml"].only(t)
	env := own.environment(t, all["version.yaml"].all, ofSecrets(t, "a key"))
	delete(env, "RESTATE_DEPLOYMENT_URL")
	delete(env, "RESTATE_REGISTER_SUPERSEDED")
	env["RESTATE_REGISTER_MODE"] = "manual"
	require.Equal(t, env, others.environment(t, all["operator.yaml"].all, ofSecrets(t, "a key")))
	own.Env, others.Env = nil, nil
	require.Equal(t, own, others)
}

func TestEachVersionHasAnAddressThatTheServerReaches(t *testing.T) {
	t.Parallel()
	for _, version := range []string{release, "r2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			all := readManifests(t, version, "app.yaml", "version.yaml")
			name := "quickstart-" + version
			deployment, service := one(t, all, "Deployment", name), one(t, all, "Service", name)
			env := deployment.only(t).environment(t, all, ofSecrets(t, "a key"))
			at, err := url.Parse(env["RESTATE_DEPLOYMENT_URL"])
			require.NoError(t, err)
			require.Equal(t, service.Metadata.Name+"."+service.Metadata.Namespace, at.Hostname())
			require.Equal(t, []servicePort{{Name: "restate", Port: 9080, TargetPort: "restate", AppProtocol: "kubernetes.io/h2c"}}, service.Spec.Ports)
			require.Equal(t, "9080", at.Port())
			require.True(t, service.Spec.Unready, "the server calls a pod in order to register it")

			labels := deployment.Spec.Template.Metadata.Labels
			budget := one(t, all, "PodDisruptionBudget", name).Spec
			for _, other := range []string{release, "r2"} {
				theirs := map[string]string{"app": "quickstart", "release": other}
				require.Equal(t, other == version, service.Spec.Selector.selects(theirs))
				require.Equal(t, other == version, budget.Selector.selects(theirs))
			}
			require.Equal(t, version, labels["release"])
			require.Less(t, budget.MaxUnavailable, deployment.Spec.Replicas)
			for _, r := range all[2:] { // for kubectl delete -l release=r1
				require.Equal(t, version, r.Metadata.Labels["release"], r.Kind)
				require.True(t, strings.HasSuffix(r.Metadata.Name, version), r.Metadata.Name)
			}
		})
	}
}
