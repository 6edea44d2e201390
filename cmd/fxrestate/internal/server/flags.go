// Package server reads which server a command is about.
package server

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

// Flags name a server.
type Flags struct {
	admin string
}

// Add adds the flags to a command.
func (f *Flags) Add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.admin, "admin", "", "`URL` of the server's admin API (default: that of the RESTATE_… variables, or "+admin.DefaultURL+")")
}

// Config returns the settings of both APIs: those of the environment, as
// fxrestate.ConfigFromEnv reads them, with the flag in front, and of Restate Cloud where it
// names an environment there. A token comes from the environment alone, since everybody on
// the machine sees a flag.
func (f *Flags) Config() (fxrestate.Config, error) {
	cfg, err := fxrestate.ConfigFromEnv()
	if err != nil {
		return cfg, err
	}
	cfg.Admin.URL = cmp.Or(f.admin, cfg.Admin.URL)
	if cfg.Cloud != nil {
		cfg.Admin.URL = cmp.Or(cfg.Admin.URL, cfg.Cloud.AdminURL())
		cfg.Ingress.URL = cmp.Or(cfg.Ingress.URL, cfg.Cloud.IngressURL())
	}
	return cfg, nil
}

// IngressURL returns the address of the server's ingress, as far as the environment tells.
func (f *Flags) IngressURL() string {
	cfg, err := f.Config()
	if err != nil {
		return ingress.DefaultURL
	}
	return cmp.Or(cfg.Ingress.URL, ingress.DefaultURL)
}

// Client returns a client of the admin API. Close its idle connections.
func (f *Flags) Client() (*admin.Client, error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, err
	}
	return admin.New(cfg.Admin)
}
