package devserver

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// npmArgs returns the arguments of npm that install the server in dir. They override the
// settings of the user with which npm would install nothing, or something else, or
// elsewhere. Settings that say how to reach the registry, and what may come from there,
// stay as they are.
func npmArgs(cfg Config, dir string) ([]string, error) {
	// A setting that chooses a workspace cannot be switched off. So there is a workspace
	// to choose.
	const workspace = "server"
	for name, content := range map[string]string{
		"package.json":                           `{"private":true,"workspaces":["` + workspace + `"]}`,
		filepath.Join(workspace, "package.json"): `{"private":true,"name":"` + workspace + `","version":"1.0.0"}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return nil, err
		}
	}
	platform := strings.Split(strings.TrimPrefix(platformPackage(), "restate-server-"), "-")
	return []string{
		"install",
		"--ignore-scripts", // the only one reports telemetry
		"--no-audit", "--no-fund", "--no-usage", "--loglevel=error",
		"--no-global", "--location=project", "--prefix", dir,
		"--workspaces", "--workspace=" + workspace,
		"--no-dry-run", "--no-package-lock-only",
		"--install-strategy=hoisted", "--no-legacy-bundling", "--no-global-style",
		"--include=optional", // the binary is an optional dependency
		"--os=" + platform[0], "--cpu=" + platform[1],
		"@restatedev/restate-server@" + cfg.Version,
	}, nil
}

// npmEnv returns this process's environment without the workspace that a parent npm run
// was started for.
func npmEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(strings.ToLower(v), "=")
		return name == "npm_config_workspace" || name == "npm_config_workspaces"
	})
}
