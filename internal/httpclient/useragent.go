package httpclient

import (
	"runtime/debug"
	"strings"
)

// module is the path of this module.
const module = "github.com/fxrestate/go"

// develVersion is used if the build has no version.
const develVersion = "devel"

// userAgent names this module and its version, such as "fxrestate/1.2.0". It leaves out
// the version of Go, because the server stores the header with each invocation.
func userAgent() string {
	info, _ := debug.ReadBuildInfo()
	return "fxrestate/" + moduleVersion(info)
}

// moduleVersion returns the version of this module in a build, without the leading v.
// The module may be the main module or a dependency.
func moduleVersion(info *debug.BuildInfo) string {
	if info == nil {
		return develVersion
	}
	found := &debug.Module{}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module {
			found = m
		}
	}
	if found.Replace != nil {
		found = found.Replace
	}
	version, ok := strings.CutPrefix(found.Version, "v")
	if !ok {
		return develVersion // "(devel)", or a directory that replaces the module
	}
	return version
}
