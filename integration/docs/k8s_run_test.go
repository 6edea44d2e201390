package docs_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/internal/testkit"
)

// cluster is a server that signs its requests.
type cluster struct {
	server *devserver.Server
	admin  *admin.Client
	key    testkit.SigningKey
	binary string // of the image
}

func newCluster(t *testing.T, binary string) *cluster {
	t.Helper()
	c, cfg := &cluster{binary: binary}, testkit.ServerConfig()
	signing, err := testkit.SigningServer(&c.key)(t.TempDir())
	require.NoError(t, err)
	for name, value := range signing {
		cfg.Env[name] = value
	}
	c.server = testkit.StartServer(t, cfg)
	c.admin, err = admin.New(admin.Config{URL: c.server.AdminURL()})
	require.NoError(t, err)
	t.Cleanup(c.admin.CloseIdleConnections)
	return c
}

// podProcess is a process with the environment of a pod. Its ports are of this machine.
type podProcess struct {
	t         *testing.T
	binary    string
	cmd       *exec.Cmd
	env       []string
	api       string // URL
	endpoint  string // URL
	log       bytes.Buffer
	container container
}

// run starts a process as Kubernetes starts the pods of a file, with the admin API at a URL.
func (c *cluster) run(t *testing.T, adminURL, version string, files ...string) *podProcess {
	t.Helper()
	all := readManifests(t, version, files...)
	p := &podProcess{t: t, binary: c.binary}
	for _, r := range all {
		if len(r.Spec.Template.Spec.Containers) > 0 {
			p.container = r.only(t)
		}
	}
	port, api := testkit.StablePort(t), testkit.StableAddr(t)
	p.api, p.endpoint = "http://"+api, fmt.Sprintf("http://127.0.0.1:%d", port)
	env := p.container.environment(t, all, ofSecrets(t, c.key.ID()))
	env["PORT"], env["ADDR"] = fmt.Sprint(port), api
	env["RESTATE_INGRESS_URL"], env["RESTATE_ADMIN_URL"] = c.server.IngressURL(), adminURL
	if env["RESTATE_DEPLOYMENT_URL"] != "" {
		env["RESTATE_DEPLOYMENT_URL"] = p.endpoint
	}
	p.env = append(p.env, "HOME="+t.TempDir())
	for name, value := range env {
		p.env = append(p.env, name+"="+value)
	}
	t.Cleanup(func() {
		if p.cmd != nil && p.cmd.Process != nil && p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("log of %s:\n%s", version, p.log.String())
		}
	})
	p.start()
	return p
}

func (p *podProcess) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.binary, "-packing", "1h")
	p.cmd.Env, p.cmd.Stderr, p.cmd.Stdout = p.env, &p.log, &p.log
	require.NoError(p.t, p.cmd.Start())
}

// terminate ends the process as the kubelet does.
func (p *podProcess) terminate() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	ended := time.AfterFunc(testkit.Within, func() { _ = p.cmd.Process.Kill() })
	defer ended.Stop()
	require.NoError(p.t, p.cmd.Wait(), p.log.String())
}

// probed waits until a probe answers at all, and returns the status.
func (p *podProcess) probed(which probe) (status int) {
	p.t.Helper()
	testkit.Eventually(p.t, func() error {
		answer, err := testkit.Exchange(p.t.Context(), http.MethodGet, p.api+which.HTTPGet.Path, nil)
		status = answer.Status
		return err
	})
	return status
}

func (p *podProcess) becomesReady() {
	p.t.Helper()
	testkit.Until(p.t, func() bool { return p.probed(p.container.ReadinessProbe) == http.StatusOK }, "the pod is ready")
}

// place places an order, which is packed for an hour.
func (p *podProcess) place(id string) {
	p.t.Helper()
	item := testkit.Request(p.t, http.MethodPost, p.api+"/carts/"+id+"/items", []byte(`{"sku":"teapot","quantity":1,"price":1950}`), "Content-Type", "application/json")
	require.Equal(p.t, http.StatusOK, item.Status, item.Text())
	order := testkit.Request(p.t, http.MethodPut, p.api+"/orders/"+id, []byte(`{"customer":"`+id+`"}`), "Content-Type", "application/json")
	require.Equal(p.t, http.StatusAccepted, order.Status, order.Text())
	testkit.Until(p.t, func() bool {
		return strings.Contains(testkit.Request(p.t, http.MethodGet, p.api+"/orders/"+id, nil).Text(), `"packing"`)
	}, "the order is packed")
}

// order returns the invocation of an order, and the URL that it is pinned to.
func (c *cluster) order(t *testing.T, id string) (admin.Invocation, string) {
	t.Helper()
	found, err := c.admin.Invocations(t.Context(), admin.InvocationFilter{
		Services: []string{"order"}, Handlers: []string{"Run"}, Keys: []string{id}, Statuses: admin.AllStatuses(),
	})
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0], c.url(t, found[0].DeploymentID)
}

// newest returns the URL that gets new invocations.
func (c *cluster) newest(t *testing.T) string {
	t.Helper()
	service, err := c.admin.Service(t.Context(), "order")
	require.NoError(t, err)
	return c.url(t, service.DeploymentID)
}

func (c *cluster) url(t *testing.T, deployment string) string {
	t.Helper()
	d, err := c.admin.Deployment(t.Context(), deployment)
	require.NoError(t, err)
	return strings.TrimSuffix(d.URI, "/")
}

// gate is the admin API, which answers the health check alone until it is open.
func (c *cluster) gate(t *testing.T) (adminURL string, open func()) {
	t.Helper()
	to, err := url.Parse(c.server.AdminURL())
	require.NoError(t, err)
	transport, opened := &http.Transport{}, make(chan struct{})
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: transport}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health" {
			select {
			case <-opened:
			case <-r.Context().Done():
				return
			}
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { s.Close(); transport.CloseIdleConnections() })
	return s.URL, sync.OnceFunc(func() { close(opened) })
}

func TestTheManifestsOfKubernetesRunTheQuickstart(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "app")
	said, err := exec.Command("go", "build", "-o", binary, "../../examples/quickstart").CombinedOutput()
	require.NoError(t, err, string(said))

	t.Run("two versions", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t, binary)
		gate, open := c.gate(t)
		first := c.run(t, gate, "r1", "app.yaml", "version.yaml")
		require.Equal(t, http.StatusOK, first.probed(first.container.LivenessProbe))
		require.Equal(t, http.StatusServiceUnavailable, first.probed(first.container.ReadinessProbe), "it is not registered")
		open()
		first.becomesReady()
		stranger := testkit.Request(t, http.MethodGet, first.endpoint+"/discover", nil)
		require.Equal(t, http.StatusUnauthorized, stranger.Status)
		first.place("ada")

		first.terminate()
		require.NotContains(t, first.log.String(), "cut attempts", "the order was suspended")
		first.start()
		first.becomesReady()

		second := c.run(t, c.server.AdminURL(), "r2", "app.yaml", "version.yaml")
		second.becomesReady()
		require.Equal(t, second.endpoint, c.newest(t))
		first.terminate() // a node is drained, for example
		first.start()
		first.becomesReady()
		require.Equal(t, second.endpoint, c.newest(t), "the old version does not take over")
		second.place("bob")
		_, at := c.order(t, "bob")
		require.Equal(t, second.endpoint, at)

		ada, at := c.order(t, "ada")
		require.Equal(t, first.endpoint, at)
		require.NoError(t, c.admin.CancelInvocation(t.Context(), ada.ID))
		testkit.Until(t, func() bool {
			ada, _ = c.order(t, "ada")
			return ada.Status == admin.StatusCompleted
		}, "the old version ends what began on it")
		second.terminate()
		first.terminate()
	})

	t.Run("the operator", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t, binary)
		p := c.run(t, c.server.AdminURL(), "r1", "app.yaml", "operator.yaml")
		p.becomesReady()
		known, err := c.admin.Deployments(t.Context())
		require.NoError(t, err)
		require.Empty(t, known, "the operator registers it")
		_, err = c.admin.RegisterDeployment(t.Context(), admin.RegisterDeploymentRequest{URI: p.endpoint})
		require.NoError(t, err)
		p.place("ada")
		p.terminate()
	})
}
