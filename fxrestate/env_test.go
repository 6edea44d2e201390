package fxrestate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

// names are all variables that ConfigFromEnv reads.
var names = []string{
	"RESTATE_ADMIN_URL", "RESTATE_HOST", "RESTATE_HOST_SCHEME", "RESTATE_AUTH_TOKEN",
	"RESTATE_DEPLOYMENT_URL", "RESTATE_REGISTER_REQUIRED", "RESTATE_REGISTER_MODE", "RESTATE_REGISTER_IN_PLACE", "RESTATE_REGISTER_SUPERSEDED", "RESTATE_REGISTER_MOVE_STRANDED", "RESTATE_REGISTER_DELETE_DRAINED", "RESTATE_REGISTER_REPLACE_OTHER", "RESTATE_ENDPOINT_ADDR", "RESTATE_ENDPOINT_VERSION", "PORT",
	"RESTATE_IDENTITY_KEYS", "RESTATE_MAX_IN_FLIGHT", "RESTATE_ON_MISMATCH", "RESTATE_DRAIN_TIMEOUT", "RESTATE_INGRESS_URL",
	"RESTATE_ENVIRONMENT_ID", "RESTATE_CLOUD_REGION", "RESTATE_SIGNING_PUBLIC_KEY", "RESTATE_TUNNEL_NAME",
}

// environment sets variables and empties the others.
func environment(t *testing.T, env map[string]string) {
	t.Helper()
	for _, name := range names {
		t.Setenv(name, env[name])
	}
	for name := range env {
		require.Contains(t, names, name)
	}
}

func TestConfigFromEnv(t *testing.T) {
	public, local := ingress.Config{URL: "http://localhost:8080"}, admin.Config{URL: "http://localhost:9070"}
	for name, test := range map[string]struct {
		env  map[string]string
		want fxrestate.Config
	}{
		"nothing set": {nil, fxrestate.Config{Ingress: public, Admin: local}},
		"another host": {
			map[string]string{"RESTATE_HOST": "restate.internal", "RESTATE_HOST_SCHEME": "https"},
			fxrestate.Config{
				Ingress: ingress.Config{URL: "https://restate.internal:8080"},
				Admin:   admin.Config{URL: "https://restate.internal:9070"},
			},
		},
		"a host with an IPv6 address": {
			map[string]string{"RESTATE_HOST": "::1"},
			fxrestate.Config{
				Ingress: ingress.Config{URL: "http://[::1]:8080"},
				Admin:   admin.Config{URL: "http://[::1]:9070"},
			},
		},
		"both APIs by their URLs, which override the host": {
			map[string]string{
				"RESTATE_INGRESS_URL": "https://ingress.example", "RESTATE_ADMIN_URL": "https://admin.example",
				"RESTATE_HOST": "restate", "RESTATE_AUTH_TOKEN": "key_1",
			},
			fxrestate.Config{
				Ingress: ingress.Config{URL: "https://ingress.example", AuthToken: "key_1"},
				Admin:   admin.Config{URL: "https://admin.example", AuthToken: "key_1"},
			},
		},
		"an environment of Restate Cloud": {
			map[string]string{
				"RESTATE_ENVIRONMENT_ID": "env_20d1231jyphzkm8", "RESTATE_CLOUD_REGION": "eu",
				"RESTATE_SIGNING_PUBLIC_KEY": cloudKey, "RESTATE_AUTH_TOKEN": cloudToken,
			},
			fxrestate.Config{Cloud: cloud(), Ingress: ingress.Config{AuthToken: cloudToken}, Admin: admin.Config{AuthToken: cloudToken}},
		},
		"an environment of Restate Cloud, with a tunnel": {
			map[string]string{
				"RESTATE_ENVIRONMENT_ID": "env_20d1231jyphzkm8", "RESTATE_CLOUD_REGION": "eu",
				"RESTATE_SIGNING_PUBLIC_KEY": cloudKey, "RESTATE_AUTH_TOKEN": cloudToken,
				"RESTATE_TUNNEL_NAME": "test-tunnel", "RESTATE_REGISTER_REQUIRED": "true",
			},
			fxrestate.Config{
				Cloud: cloud(tunnel), Ingress: ingress.Config{AuthToken: cloudToken}, Admin: admin.Config{AuthToken: cloudToken},
				Register: &deployment.Config{Required: true},
			},
		},
		"an environment of Restate Cloud, with a tunnel to another host": {
			map[string]string{
				"RESTATE_ENVIRONMENT_ID": "env_20d1231jyphzkm8", "RESTATE_CLOUD_REGION": "eu",
				"RESTATE_SIGNING_PUBLIC_KEY": cloudKey, "RESTATE_AUTH_TOKEN": cloudToken,
				"RESTATE_TUNNEL_NAME": "test-tunnel", "RESTATE_DEPLOYMENT_URL": "http://orders:9080",
			},
			fxrestate.Config{
				Cloud: cloud(tunnel), Ingress: ingress.Config{AuthToken: cloudToken}, Admin: admin.Config{AuthToken: cloudToken},
				Register: &deployment.Config{URL: "http://orders:9080"},
			},
		},
		"an environment of Restate Cloud whose ingress is behind a proxy": {
			map[string]string{
				"RESTATE_ENVIRONMENT_ID": "env_20d1231jyphzkm8", "RESTATE_CLOUD_REGION": "eu", "RESTATE_IDENTITY_KEYS": otherKey,
				"RESTATE_AUTH_TOKEN": cloudToken, "RESTATE_INGRESS_URL": "http://tunnel:8080",
			},
			fxrestate.Config{
				Cloud:   cloud(func(c *fxrestate.Cloud) { c.IdentityKey = "" }),
				Ingress: ingress.Config{URL: "http://tunnel:8080", AuthToken: cloudToken}, Admin: admin.Config{AuthToken: cloudToken},
				Endpoint: endpoint.Config{IdentityKeys: []string{otherKey}},
			},
		},
		"an environment of Restate Cloud, and a host, which overrides its URLs": {
			map[string]string{
				"RESTATE_ENVIRONMENT_ID": "env_20d1231jyphzkm8", "RESTATE_CLOUD_REGION": "eu",
				"RESTATE_SIGNING_PUBLIC_KEY": cloudKey, "RESTATE_HOST": "tunnel",
			},
			fxrestate.Config{
				Cloud:   cloud(func(c *fxrestate.Cloud) { c.Token = "" }),
				Ingress: ingress.Config{URL: "http://tunnel:8080"}, Admin: admin.Config{URL: "http://tunnel:9070"},
			},
		},
		"a port": {
			map[string]string{"PORT": "8443"},
			fxrestate.Config{Ingress: public, Admin: local, Endpoint: endpoint.Config{Addr: ":8443"}},
		},
		"an address, which overrides the port": {
			map[string]string{"PORT": "8443", "RESTATE_ENDPOINT_ADDR": "127.0.0.1:0"},
			fxrestate.Config{Ingress: public, Admin: local, Endpoint: endpoint.Config{Addr: "127.0.0.1:0"}},
		},
		"the endpoint": {
			map[string]string{
				"RESTATE_IDENTITY_KEYS": " publickeyv1_a, publickeyv1_b,, ",
				"RESTATE_MAX_IN_FLIGHT": "250", "RESTATE_DRAIN_TIMEOUT": "1m30s", "RESTATE_ON_MISMATCH": "pause",
			},
			fxrestate.Config{Ingress: public, Admin: local, Endpoint: endpoint.Config{
				IdentityKeys: []string{"publickeyv1_a", "publickeyv1_b"},
				MaxInFlight:  250, DrainTimeout: 90 * time.Second, OnMismatch: endpoint.Pause,
			}},
		},
		"a version": {
			map[string]string{"RESTATE_ENDPOINT_VERSION": "build-17"},
			fxrestate.Config{Ingress: public, Admin: local, Endpoint: endpoint.Config{Version: endpoint.Version{Name: "build-17"}}},
		},
		"a version by interface": {
			map[string]string{"RESTATE_ENDPOINT_VERSION": "interface"},
			fxrestate.Config{Ingress: public, Admin: local, Endpoint: endpoint.Config{Version: endpoint.Version{Name: endpoint.ByInterface}}},
		},
		"the registration": {
			map[string]string{"RESTATE_DEPLOYMENT_URL": "http://app:{{port}}"},
			fxrestate.Config{Ingress: public, Admin: local, Register: &deployment.Config{URL: "http://app:{{port}}"}},
		},
		"the registration, required": {
			map[string]string{"RESTATE_DEPLOYMENT_URL": "http://app:9080", "RESTATE_REGISTER_REQUIRED": "true"},
			fxrestate.Config{Ingress: public, Admin: local, Register: &deployment.Config{URL: "http://app:9080", Required: true}},
		},
		"the registration, for production": {
			map[string]string{
				"RESTATE_DEPLOYMENT_URL": "http://app:9080", "RESTATE_REGISTER_MODE": "production",
				"RESTATE_REGISTER_IN_PLACE": "wait-drained", "RESTATE_REGISTER_SUPERSEDED": "serve-pinned",
				"RESTATE_REGISTER_DELETE_DRAINED": "true", "RESTATE_REGISTER_REPLACE_OTHER": "true", "RESTATE_REGISTER_MOVE_STRANDED": "false",
			},
			fxrestate.Config{Ingress: public, Admin: local, Register: &deployment.Config{
				URL: "http://app:9080", Mode: deployment.Production, InPlace: deployment.WaitDrained, Superseded: deployment.ServePinned,
				DeleteDrained: true, ReplaceOther: true,
			}},
		},
		"no registration, not required": {
			map[string]string{"RESTATE_REGISTER_REQUIRED": "false"},
			fxrestate.Config{Ingress: public, Admin: local},
		},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, test.env)
			got, err := fxrestate.ConfigFromEnv()
			require.NoError(t, err)
			require.Equal(t, test.want, got)
			// The keys of these tests are none, but their form is right.
			require.NoError(t, got.Validate())
		})
	}
}

func TestConfigFromEnvNamesEveryVariableThatItCannotRead(t *testing.T) {
	environment(t, map[string]string{
		"RESTATE_HOST_SCHEME":       "ftp",
		"PORT":                      "65536",
		"RESTATE_MAX_IN_FLIGHT":     "0",
		"RESTATE_DRAIN_TIMEOUT":     "10",
		"RESTATE_ON_MISMATCH":       "fail",
		"RESTATE_REGISTER_REQUIRED": "yes",
		"RESTATE_REGISTER_MODE":     "maybe",
	})
	_, err := fxrestate.ConfigFromEnv()
	for _, want := range []string{
		`fxrestate: RESTATE_HOST_SCHEME is "ftp": it must be http or https`,
		`fxrestate: PORT is "65536": it must be a port between 1 and 65535`,
		`fxrestate: RESTATE_MAX_IN_FLIGHT is "0": it must be a positive number`,
		`fxrestate: RESTATE_DRAIN_TIMEOUT is "10": it must be a positive duration such as 10s`,
		`fxrestate: RESTATE_ON_MISMATCH is "fail": it must be retry or pause`,
		`fxrestate: RESTATE_REGISTER_REQUIRED is "yes": it must be true or false`,
		`fxrestate: RESTATE_REGISTER_MODE is "maybe": it must be one of development, production, dry-run, manual`,
	} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, want)
		})
	}
}

func TestConfigFromEnvNamesTheVariablesOfCloud(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"that are wrong": {
			map[string]string{
				"RESTATE_ENVIRONMENT_ID": "20d1231jyphzkm8", "RESTATE_CLOUD_REGION": "EU", "RESTATE_AUTH_TOKEN": cloudKey,
				"RESTATE_SIGNING_PUBLIC_KEY": "x", "RESTATE_TUNNEL_NAME": "a/b", "RESTATE_DEPLOYMENT_URL": "http://[::1]:9080",
			},
			[]string{
				`fxrestate: RESTATE_ENVIRONMENT_ID is "20d1231jyphzkm8": it must be`,
				`fxrestate: RESTATE_CLOUD_REGION is "EU": it must be`,
				`fxrestate: RESTATE_AUTH_TOKEN begins with "publickeyv1_"`,
				`fxrestate: RESTATE_SIGNING_PUBLIC_KEY is "x": it must be`,
				`fxrestate: RESTATE_TUNNEL_NAME is "a/b": it must be`,
				`fxrestate: RESTATE_DEPLOYMENT_URL is "http://[::1]:9080": behind a tunnel`,
			},
		},
		"that lack beside a region": {
			map[string]string{"RESTATE_CLOUD_REGION": "eu"},
			[]string{`fxrestate: RESTATE_ENVIRONMENT_ID is ""`, "fxrestate: RESTATE_AUTH_TOKEN is empty", `fxrestate: RESTATE_SIGNING_PUBLIC_KEY is ""`},
		},
		"that lack beside a key": {
			map[string]string{"RESTATE_SIGNING_PUBLIC_KEY": cloudKey},
			[]string{`fxrestate: RESTATE_ENVIRONMENT_ID is ""`, `fxrestate: RESTATE_CLOUD_REGION is ""`, "fxrestate: RESTATE_AUTH_TOKEN is empty"},
		},
		"that lack beside a tunnel": {
			map[string]string{"RESTATE_TUNNEL_NAME": "test-tunnel"},
			[]string{`fxrestate: RESTATE_ENVIRONMENT_ID is ""`, `fxrestate: RESTATE_CLOUD_REGION is ""`, "fxrestate: RESTATE_AUTH_TOKEN is empty"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, test.env)
			_, err := fxrestate.ConfigFromEnv()
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestConfigFromEnvRefusesToRequireWhatIsNotConfigured(t *testing.T) {
	environment(t, map[string]string{"RESTATE_REGISTER_REQUIRED": "1"})
	_, err := fxrestate.ConfigFromEnv()
	require.EqualError(t, err, "fxrestate: RESTATE_REGISTER_REQUIRED is true without RESTATE_DEPLOYMENT_URL: set the URL of the endpoint as the server reaches it")
}
