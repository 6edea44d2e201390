package server_test

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
)

func TestTheServerIsThatOfTheFlagAndElseOfTheEnvironment(t *testing.T) {
	for name, test := range map[string]struct {
		args           []string
		env            map[string]string
		admin, ingress string
	}{
		"nothing is set": {nil, nil, "http://localhost:9070", "http://localhost:8080"},
		"a host":         {nil, map[string]string{"RESTATE_HOST": "box"}, "http://box:9070", "http://box:8080"},
		"a URL":          {nil, map[string]string{"RESTATE_ADMIN_URL": "http://box:1"}, "http://box:1", "http://localhost:8080"},
		"the flag":       {[]string{"--admin", "http://box:2"}, map[string]string{"RESTATE_ADMIN_URL": "http://box:1"}, "http://box:2", "http://localhost:8080"},
		"Restate Cloud": {nil, map[string]string{
			"RESTATE_ENVIRONMENT_ID": "env_1", "RESTATE_CLOUD_REGION": "eu", "RESTATE_AUTH_TOKEN": "key_1",
			"RESTATE_SIGNING_PUBLIC_KEY": "publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f",
		}, "https://1.env.eu.restate.cloud:9070", "https://1.env.eu.restate.cloud:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			var flags server.Flags
			cmd := &cobra.Command{}
			flags.Add(cmd)
			require.NoError(t, cmd.ParseFlags(test.args))
			cfg, err := flags.Config()
			require.NoError(t, err)
			require.Equal(t, test.admin, cfg.Admin.URL)
			require.Equal(t, test.ingress, cfg.Ingress.URL)
		})
	}
}

func TestTheNextCommandIsAboutTheSameServer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		admin string
		words []string
		want  string
	}{
		"the default":        {"", []string{"drain", "dp_1"}, "fxrestate drain dp_1"},
		"the flag":           {"http://box:2", []string{"drain", "dp_1"}, "fxrestate drain dp_1 --admin http://box:2"},
		"words and no flags": {"http://box:2", []string{"state", "get", "--", "Cart", "-k"}, "fxrestate state get --admin http://box:2 -- Cart -k"},
		"a password":         {"http://ada:secret@box:2", []string{"doctor"}, "fxrestate doctor --admin http://box:2"},
		"a shell's words":    {"http://box:2/$(reboot)", []string{"state", "get", "Cart", "a;b"}, "fxrestate state get Cart 'a;b' --admin 'http://box:2/$(reboot)'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var flags server.Flags
			cmd := &cobra.Command{}
			flags.Add(cmd)
			require.NoError(t, cmd.ParseFlags([]string{"--admin", test.admin}))
			require.Equal(t, test.want, flags.Next(test.words...))
		})
	}
}
