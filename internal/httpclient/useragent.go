package httpclient

import (
	"runtime/debug"
	"strings"
)

// module is the path of this module.
const module = "github.com/fxrestate/go"

// develVersion stands for a version that the build does not tell.
const develVersion = "devel"

// userAgent names this module and its version, such as "fxrestate/1.2.0". The version
// of Go is not in it: the server keeps the header with each invocation.
func userAgent() string {
	info, _ := debug.ReadBuildInfo()
	return "fxrestate/" + moduleVersion(info)
}

// moduleVersion returns the version of this module in a build, as the main module or as
// a dependency of it, without the v in front.
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
