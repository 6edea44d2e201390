package deployment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

func TestServicesOfAnotherApplicationAreNotTakenOver(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		mode    deployment.Mode
		change  func(*deployment.Config)
		refused bool
	}{
		{"in production at a URL of its own", deployment.Production, func(*deployment.Config) {}, true},
		{"in production with ReplaceOther", deployment.Production, func(c *deployment.Config) { c.ReplaceOther = true }, false},
		{"in production by the same application", deployment.Production, func(c *deployment.Config) { c.Application = "theirs" }, false},
		{"in development", deployment.Development, func(*deployment.Config) {}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			name := testkit.Unique("Taken")
			theirs, ours := serve(t, service(name)), serve(t, service(name), object(name+"Cart"))
			cfg := production(theirs)
			cfg.Application = "theirs"
			register(t, cfg, theirs.at())

			cfg = production(ours)
			cfg.Mode, cfg.Application = row.mode, "ours"
			row.change(&cfg)
			_, err := newRegistrar(t, newClient(t, admin.Config{}), cfg, nil).Register(testkit.Context(t), ours.at())
			if !row.refused {
				require.NoError(t, err)
				return
			}
			var other *deployment.OtherApplicationError
			require.ErrorAs(t, err, &other)
			require.True(t, other.Taken)
			require.Equal(t, []string{name}, other.Services)
			require.ErrorContains(t, err, `the application "theirs" at `+fixed(theirs)+`/ serves "`+name+`", whose new invocations would come here: rename the services`)
			require.False(t, testkit.Known(t, name+"Cart"), "something was registered")
		})
	}
}

func TestADryRunThatIsRequiredFailsWhereTheRegistrationWouldBeRefused(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("Dry")
	theirs := serve(t, service(name))
	cfg := production(theirs)
	cfg.Application = "theirs"
	register(t, cfg, theirs.at())
	cfg.Application, cfg.Mode = "ours", deployment.DryRun
	registrar := func() *deployment.Registrar { return newRegistrar(t, newClient(t, admin.Config{}), cfg, nil) }

	registration, err := registrar().Register(testkit.Context(t), theirs.at())
	require.NoError(t, err)
	require.Contains(t, registration.Plan.Refused, `is registered by the application "theirs"`)
	require.Contains(t, registration.Plan.String(), "refused: ")
	cfg.Required = true
	_, err = registrar().Register(testkit.Context(t), theirs.at())
	require.ErrorContains(t, err, `is registered by the application "theirs"`)
}
