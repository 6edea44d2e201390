package fxrestate

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/ingress"
)

// ConfigFromEnv reads a [Config] from the environment, for
// fx.Provide(fxrestate.ConfigFromEnv). The names of the server's addresses are
// those of Restate's command line tool
// (https://docs.restate.dev/references/cli-config), and those of [Cloud] the names of the
// tunnel's client, so that one file of variables serves both:
//
//	RESTATE_INGRESS_URL      URL of the ingress. Default: RESTATE_HOST, port 8080.
//	RESTATE_ADMIN_URL        URL of the admin API. Default: RESTATE_HOST, port 9070.
//	RESTATE_HOST             host of the server. Default: localhost.
//	RESTATE_HOST_SCHEME      http or https. Default: http.
//	RESTATE_AUTH_TOKEN       bearer token for both; an API key of Restate Cloud.
//	RESTATE_ENVIRONMENT_ID   id of an environment of Restate Cloud. With it, the
//	                         URLs of both APIs are those of the environment, unless
//	                         they or RESTATE_HOST are set.
//	RESTATE_CLOUD_REGION     region of the environment, such as eu.
//	RESTATE_SIGNING_PUBLIC_KEY  public key of the environment.
//	RESTATE_TUNNEL_NAME      name of the tunnel to the endpoint. With it, the
//	                         application is registered.
//	RESTATE_DEPLOYMENT_URL   URL of the endpoint as the server reaches it, with
//	                         {{port}} for the bound port; with a tunnel, as the
//	                         tunnel's client reaches it. Default: not registered;
//	                         with a tunnel, http://localhost:{{port}}.
//	RESTATE_REGISTER_REQUIRED  true: fail the start when not registered in time.
//	RESTATE_REGISTER_MODE    development (default), production, dry-run or manual.
//	RESTATE_REGISTER_IN_PLACE  proceed, wait-drained, refuse or pause-and-list.
//	RESTATE_REGISTER_SUPERSEDED  take-over, refuse or serve-pinned.
//	RESTATE_REGISTER_MOVE_STRANDED  true: MoveStranded of deployment.Config.
//	RESTATE_REGISTER_DELETE_DRAINED  true: DeleteDrained.
//	RESTATE_REGISTER_REPLACE_OTHER  true: ReplaceOther.
//	RESTATE_ENDPOINT_ADDR    address to listen on. Default: PORT, else :9080.
//	PORT                     port to listen on.
//	RESTATE_ENDPOINT_VERSION  version to serve below /v/…, or interface for one by
//	                         the hash of the interface. Unset: none.
//	RESTATE_IDENTITY_KEYS    public keys of the server, with commas between.
//	RESTATE_MAX_IN_FLIGHT    how many attempts run at a time.
//	RESTATE_ON_MISMATCH      retry (default) or pause: OnMismatch of endpoint.Config.
//	RESTATE_DRAIN_TIMEOUT    how long a stop waits, such as 10s.
//
// The error names every variable that cannot be read.
func ConfigFromEnv() (Config, error) { return configFrom(os.Getenv) }

func configFrom(getenv func(string) string) (Config, error) {
	var errs []error
	bad := func(name, want string) {
		errs = append(errs, fmt.Errorf("fxrestate: %s is %q: it must be %s", name, getenv(name), want))
	}
	scheme := cmp.Or(getenv("RESTATE_HOST_SCHEME"), "http")
	if scheme != "http" && scheme != "https" {
		bad("RESTATE_HOST_SCHEME", "http or https")
	}
	host := cmp.Or(getenv("RESTATE_HOST"), "localhost")
	token, cloud := getenv("RESTATE_AUTH_TOKEN"), cloudFrom(getenv)
	at := func(port string) string {
		if cloud != nil && getenv("RESTATE_HOST") == "" {
			return "" // which Cloud sets
		}
		return scheme + "://" + net.JoinHostPort(host, port)
	}

	cfg := Config{
		Cloud:    cloud,
		Ingress:  ingress.Config{URL: cmp.Or(getenv("RESTATE_INGRESS_URL"), at("8080")), AuthToken: token},
		Admin:    admin.Config{URL: cmp.Or(getenv("RESTATE_ADMIN_URL"), at("9070")), AuthToken: token},
		Endpoint: endpoint.Config{Addr: getenv("RESTATE_ENDPOINT_ADDR")},
	}
	cfg.Endpoint.Version.Name = getenv("RESTATE_ENDPOINT_VERSION")
	if port := getenv("PORT"); port != "" && cfg.Endpoint.Addr == "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			bad("PORT", "a port between 1 and 65535")
		}
		cfg.Endpoint.Addr = ":" + port
	}
	for key := range strings.SplitSeq(getenv("RESTATE_IDENTITY_KEYS"), ",") {
		if key = strings.TrimSpace(key); key != "" {
			cfg.Endpoint.IdentityKeys = append(cfg.Endpoint.IdentityKeys, key)
		}
	}
	if v := getenv("RESTATE_MAX_IN_FLIGHT"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n <= 0 {
			bad("RESTATE_MAX_IN_FLIGHT", "a positive number")
		}
		cfg.Endpoint.MaxInFlight = n
	}
	if v := endpoint.OnMismatch(getenv("RESTATE_ON_MISMATCH")); v != "" {
		if v != endpoint.Retry && v != endpoint.Pause {
			bad("RESTATE_ON_MISMATCH", "retry or pause")
		}
		cfg.Endpoint.OnMismatch = v
	}
	if v := getenv("RESTATE_DRAIN_TIMEOUT"); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			bad("RESTATE_DRAIN_TIMEOUT", "a positive duration such as 10s")
		}
		cfg.Endpoint.DrainTimeout = d
	}
	if url := getenv("RESTATE_DEPLOYMENT_URL"); url != "" || cloud != nil && cloud.Tunnel != "" {
		cfg.Register = &deployment.Config{URL: url}
	}
	without := func(name, v string) {
		errs = append(errs, fmt.Errorf("fxrestate: %s is %s without RESTATE_DEPLOYMENT_URL: set the URL of the endpoint as the server reaches it", name, v))
	}
	register := func(name, v string, set func(*deployment.Config, bool)) {
		if v == "" {
			return
		}
		value, err := strconv.ParseBool(v)
		switch {
		case err != nil:
			bad(name, "true or false")
		case cfg.Register != nil:
			set(cfg.Register, value)
		case value:
			without(name, "true")
		}
	}
	register("RESTATE_REGISTER_REQUIRED", getenv("RESTATE_REGISTER_REQUIRED"), func(c *deployment.Config, v bool) { c.Required = v })
	register("RESTATE_REGISTER_MOVE_STRANDED", getenv("RESTATE_REGISTER_MOVE_STRANDED"), func(c *deployment.Config, v bool) { c.MoveStranded = v })
	register("RESTATE_REGISTER_DELETE_DRAINED", getenv("RESTATE_REGISTER_DELETE_DRAINED"), func(c *deployment.Config, v bool) { c.DeleteDrained = v })
	register("RESTATE_REGISTER_REPLACE_OTHER", getenv("RESTATE_REGISTER_REPLACE_OTHER"), func(c *deployment.Config, v bool) { c.ReplaceOther = v })
	word := func(name, v string, set func(*deployment.Config, string), allowed ...string) {
		switch {
		case v == "":
		case !slices.Contains(allowed, v):
			bad(name, "one of "+strings.Join(allowed, ", "))
		case cfg.Register != nil:
			set(cfg.Register, v)
		case v != string(deployment.Manual):
			without(name, v)
		}
	}
	word("RESTATE_REGISTER_MODE", getenv("RESTATE_REGISTER_MODE"),
		func(c *deployment.Config, v string) { c.Mode = deployment.Mode(v) }, "development", "production", "dry-run", "manual")
	word("RESTATE_REGISTER_IN_PLACE", getenv("RESTATE_REGISTER_IN_PLACE"),
		func(c *deployment.Config, v string) { c.InPlace = deployment.InPlace(v) }, "proceed", "wait-drained", "refuse", "pause-and-list")
	word("RESTATE_REGISTER_SUPERSEDED", getenv("RESTATE_REGISTER_SUPERSEDED"),
		func(c *deployment.Config, v string) { c.Superseded = deployment.Superseded(v) }, "take-over", "refuse", "serve-pinned")
	errs = append(errs, cfg.checkCloud(func(field string) string { return cmp.Or(cloudVariables[field], field) })...)
	return cfg, errors.Join(errs...)
}

// cloudFrom returns nil if no variable of its own is set.
func cloudFrom(getenv func(string) string) *Cloud {
	c := Cloud{
		EnvironmentID: getenv("RESTATE_ENVIRONMENT_ID"),
		Region:        getenv("RESTATE_CLOUD_REGION"),
		IdentityKey:   getenv("RESTATE_SIGNING_PUBLIC_KEY"),
		Tunnel:        getenv("RESTATE_TUNNEL_NAME"),
	}
	if c == (Cloud{}) {
		return nil
	}
	c.Token = getenv("RESTATE_AUTH_TOKEN")
	return &c
}

// cloudVariables are the variables of the fields that checkCloud names.
var cloudVariables = map[string]string{
	"Cloud.EnvironmentID": "RESTATE_ENVIRONMENT_ID",
	"Cloud.Region":        "RESTATE_CLOUD_REGION",
	"Cloud.Token":         "RESTATE_AUTH_TOKEN",
	"Cloud.IdentityKey":   "RESTATE_SIGNING_PUBLIC_KEY",
	"Cloud.Tunnel":        "RESTATE_TUNNEL_NAME",
	"Register.URL":        "RESTATE_DEPLOYMENT_URL",
}
