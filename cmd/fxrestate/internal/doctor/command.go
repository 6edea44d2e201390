package doctor

import (
	"cmp"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/cmd/fxrestate/internal/application"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// defaultTimeout bounds one check: a server looks for a deployment for some seconds before
// it says that there is none.
const defaultTimeout = 15 * time.Second

// Command returns the command doctor.
func Command(t *terminal.Terminal) *cobra.Command {
	var flags server.Flags
	var ingress string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "doctor [application] [-- arguments]",
		Short: "Say what is wrong with a server and its applications, and what to do",
		Long: `Looks at all that an application needs of its server: the configuration, the APIs,
versions, clocks, deployments, invocations that do not proceed. What is wrong is shown
with what to do. Nothing is changed; the server asks each deployment what it serves.

An application, such as a compiled program, a Go package or a file of fxrestate manifest, is
compared with what is registered. A program describes itself and does not start.

Exit codes: 0 nothing needs somebody, 3 something does, 1 something could not be checked.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var rest []string
			if at := cmd.ArgsLenAtDash(); at >= 0 {
				args, rest = args[:at], args[at:]
			}
			if len(args) > 1 {
				return terminal.Usagef("%d applications; name one or none", len(args))
			}
			if timeout <= 0 {
				return terminal.Usagef("--timeout is a positive duration, such as 10s")
			}
			cfg, err := flags.Config()
			cfg.Ingress.URL = cmp.Or(ingress, cfg.Ingress.URL)
			e := examination{terminal: t, next: flags.Next, cfg: cfg, configError: err, timeout: timeout}
			e.ingressUnknown = cmd.Flags().Changed("admin") && ingress == "" && !said(t)
			if len(args) == 1 {
				e.application = &named{name: args[0], rest: rest}
				e.application.doc, e.application.err = application.Read(cmd.Context(), t, args[0], rest)
			}
			return e.run(cmd.Context())
		},
	}
	flags.Add(cmd)
	cmd.Flags().StringVar(&ingress, "ingress", "", "`URL` of the server's ingress (default: that of the RESTATE_… variables; with --admin alone, where the server says)")
	cmd.Flags().DurationVar(&timeout, "timeout", defaultTimeout, "how long one check may take")
	return cmd
}

// said reports whether a variable says where the ingress is.
func said(t *terminal.Terminal) bool {
	return cmp.Or(t.Getenv("RESTATE_INGRESS_URL"), t.Getenv("RESTATE_HOST"), t.Getenv("RESTATE_ENVIRONMENT_ID")) != ""
}
