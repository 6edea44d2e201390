package description

import (
	"cmp"
	"path"
	"runtime/debug"
	"strings"
)

// Module is the path of this module.
const Module = "github.com/fxrestate/go"

// withoutPackage is the path of every main package that is given by its files.
const withoutPackage = "command-line-arguments"

// BuildOf reads the build of a program; nil is none.
func BuildOf(info *debug.BuildInfo) Build {
	if info == nil {
		return Build{}
	}
	b := Build{Go: info.GoVersion, Package: info.Path, Module: info.Main.Path, Version: info.Main.Version}
	if b.Package == withoutPackage {
		b.Package = ""
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path != Module {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		b.Fxrestate = cmp.Or(m.Version, "(devel)")
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// Place returns where a file of a package is, relative to the module of the program, or the
// file alone if that is not known.
func (b Build) Place(pkg, file string) string {
	if pkg == "main" {
		pkg = b.Package
	}
	if pkg == "" || file == "" {
		return file
	}
	if below, ok := strings.CutPrefix(pkg+"/", b.Module+"/"); ok {
		pkg = below
	}
	return path.Join(pkg, file)
}
