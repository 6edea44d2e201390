//go:build unix

package devserver_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

// worldWithNPM is a world with the real npm on PATH, which has a home of its own and a
// registry with a small server. It skips the test if there is no npm.
func worldWithNPM(t *testing.T) (w *world, home string) {
	t.Helper()
	paths := map[string]string{}
	for _, name := range []string{"npm", "node", "env"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skip("there is no " + name)
		}
		paths[name] = path
	}
	w = newWorld(t)
	for name, path := range paths {
		require.NoError(t, os.Symlink(path, filepath.Join(w.bin, name)))
	}
	home = t.TempDir()
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(strings.ToLower(name), "npm_") {
			t.Setenv(name, "") // npm ignores empty ones
		}
	}
	t.Setenv("HOME", home)
	t.Setenv("npm_config_userconfig", filepath.Join(home, ".npmrc"))
	t.Setenv("npm_config_globalconfig", filepath.Join(home, "npmrc"))
	t.Setenv("npm_config_cache", filepath.Join(home, "cache"))
	t.Setenv("npm_config_registry", npmRegistry(t))
	t.Setenv("npm_config_update_notifier", "false")
	return w, home
}

// npmRegistry serves the npm packages of a server of the version unpinned, which prints
// its version.
func npmRegistry(t *testing.T) string {
	platform := strings.Split(strings.TrimPrefix(devserver.PlatformPackage(), "restate-server-"), "-")
	manifests := map[string]map[string]any{
		"restate-server":            {"optionalDependencies": map[string]string{"@restatedev/" + devserver.PlatformPackage(): unpinned}},
		devserver.PlatformPackage(): {"os": platform[:1], "cpu": platform[1:]},
	}
	answers := map[string][]byte{}
	registry := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if answers[r.URL.Path] == nil {
			rw.WriteHeader(http.StatusNotFound)
		}
		_, _ = rw.Write(answers[r.URL.Path])
	}))
	t.Cleanup(registry.Close)
	for name, manifest := range manifests {
		manifest["name"], manifest["version"] = "@restatedev/"+name, unpinned
		archive := npmPackage(t, manifest)
		digest := sha512.Sum512(archive)
		manifest["dist"] = map[string]string{
			"tarball":   registry.URL + "/" + name + ".tgz",
			"integrity": "sha512-" + base64.StdEncoding.EncodeToString(digest[:]),
		}
		index, err := json.Marshal(map[string]any{
			"name": manifest["name"], "dist-tags": map[string]string{"latest": unpinned}, "versions": map[string]any{unpinned: manifest},
		})
		require.NoError(t, err)
		answers["/"+name+".tgz"], answers["/@restatedev/"+name] = archive, index
	}
	return registry.URL
}

func npmPackage(t *testing.T, manifest map[string]any) []byte {
	text, err := json.Marshal(manifest)
	require.NoError(t, err)
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	archive := tar.NewWriter(zip)
	for name, content := range map[string]string{
		"package/package.json":       string(text),
		"package/bin/restate-server": "#!/bin/sh\necho restate-server " + unpinned + "\n",
	} {
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
		_, err := archive.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	require.NoError(t, zip.Close())
	return b.Bytes()
}

// With each of the settings npm would install nothing, something else or elsewhere. They
// are set together, because npm takes a second.
func TestInstallDoesNotDependOnTheUsersNPMSettings(t *testing.T) {
	w, home := worldWithNPM(t)
	for name, settings := range map[string][]string{
		"none": nil,
		"another way of installing": {
			"install-strategy=nested", "dry-run=true", "package-lock-only=true", "omit=optional", "usage=true",
		},
		"another place":        {"install-strategy=linked", "location=global", "prefix=/nowhere", "package-lock=false", "save=false"},
		"another project":      {"global-style=true", "workspace=packages/a", "workspaces=true", "include-workspace-root=true"},
		"another machine":      {"os=win32", "cpu=s390x", "optional=false", "workspaces=false", "loglevel=silent"},
		"installation for all": {"legacy-bundling=true", "global=true", "only=prod", "bin-links=false"},
		"another strategy":     {"install-strategy=shallow", "location=user", "production=true", "ignore-scripts=false"},
	} {
		for place, set := range map[string]func(t *testing.T){
			"the user's npmrc": func(t *testing.T) {
				writeFile(t, filepath.Join(home, ".npmrc"), strings.Join(settings, "\n"))
			},
			"the environment": func(t *testing.T) {
				writeFile(t, filepath.Join(home, ".npmrc"), "")
				for _, s := range settings {
					name, value, _ := strings.Cut(s, "=")
					t.Setenv("npm_config_"+strings.ReplaceAll(name, "-", "_"), value)
				}
			},
		} {
			t.Run(name+" in "+place, func(t *testing.T) {
				set(t)
				require.NoError(t, os.RemoveAll(w.cache))
				got, err := w.find()
				require.NoError(t, err)
				require.Equal(t, w.cached(), got)
				require.Equal(t, []string{filepath.Base(w.cached())}, w.inCache(), "nothing else is left")
			})
		}
	}
}
