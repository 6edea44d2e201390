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
// (https://docs.restate.dev/references/cli-config):
//
//	RESTATE_INGRESS_URL      URL of the ingress. Default: RESTATE_HOST, port 8080.
//	RESTATE_ADMIN_URL        URL of the admin API. Default: RESTATE_HOST, port 9070.
//	RESTATE_HOST             host of the server. Default: localhost.
//	RESTATE_HOST_SCHEME      http or https. Default: http.
//	RESTATE_AUTH_TOKEN       bearer token for both.
//	RESTATE_DEPLOYMENT_URL   URL of the endpoint as the server reaches it, with
//	                         {{port}} for the bound port. Unset: not registered.
//	RESTATE_REGISTER_REQUIRED  true: fail the start when not registered in time.
//	RESTATE_REGISTER_MODE    development (default), production, dry-run or manual.
//	RESTATE_REGISTER_IN_PLACE  proceed, wait-drained, refuse or pause-and-list.
//	RESTATE_REGISTER_SUPERSEDED  take-over, refuse or serve-pinned.
//	RESTATE_ENDPOINT_ADDR    address to listen on. Default: PORT, else :9080.
//	PORT                     port to listen on.
//	RESTATE_ENDPOINT_VERSION  version to serve below /v/…, or interface for one by
//	                         the hash of the interface. Unset: none.
//	RESTATE_IDENTITY_KEYS    public keys of the server, with commas between.
//	RESTATE_MAX_IN_FLIGHT    how many attempts run at a time.
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
	at := func(port string) string { return scheme + "://" + net.JoinHostPort(host, port) }
	token := getenv("RESTATE_AUTH_TOKEN")

	cfg := Config{
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
	if v := getenv("RESTATE_DRAIN_TIMEOUT"); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			bad("RESTATE_DRAIN_TIMEOUT", "a positive duration such as 10s")
		}
		cfg.Endpoint.DrainTimeout = d
	}
	if url := getenv("RESTATE_DEPLOYMENT_URL"); url != "" {
		cfg.Register = &deployment.Config{URL: url}
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
			errs = append(errs, fmt.Errorf("fxrestate: %s is true without RESTATE_DEPLOYMENT_URL: set the URL of the endpoint as the server reaches it", name))
		}
	}
	register("RESTATE_REGISTER_REQUIRED", getenv("RESTATE_REGISTER_REQUIRED"), func(c *deployment.Config, required bool) { c.Required = required })
	word := func(name, v string, allowed ...string) string {
		if v != "" && !slices.Contains(allowed, v) {
			bad(name, "one of "+strings.Join(allowed, ", "))
		}
		return v
	}
	mode := word("RESTATE_REGISTER_MODE", getenv("RESTATE_REGISTER_MODE"), "development", "production", "dry-run", "manual")
	inPlace := word("RESTATE_REGISTER_IN_PLACE", getenv("RESTATE_REGISTER_IN_PLACE"), "proceed", "wait-drained", "refuse", "pause-and-list")
	superseded := word("RESTATE_REGISTER_SUPERSEDED", getenv("RESTATE_REGISTER_SUPERSEDED"), "take-over", "refuse", "serve-pinned")
	if c := cfg.Register; c != nil {
		c.Mode, c.InPlace, c.Superseded = deployment.Mode(mode), deployment.InPlace(inPlace), deployment.Superseded(superseded)
	}
	return cfg, errors.Join(errs...)
}
