package gen

import (
	"go/ast"
	"go/build"
	"go/build/constraint"
	"io"
	"path/filepath"
	"strings"
)

// readConstraint finds the build constraint of a struct and its handlers, because the
// generated file needs the same. Clients for structs with different constraints cannot be
// in one file.
func (r *reader) readConstraint(s *service) {
	s.constraint = r.source.constraint(r.source.fileOf(s.obj))
	for _, m := range s.methods {
		f := r.source.fileOf(m.obj)
		if f == nil {
			continue // promoted from another package
		}
		if c := r.source.constraint(f); c != "" && c != s.constraint {
			r.problem(&Problem{
				r.typeName(s.obj), m.obj.Name(), r.source.position(m.obj.Pos()),
				"is there only when the build has " + c, "build it where the struct is built, or leave it out with --exclude",
			})
		}
	}
	if len(r.services) > 0 && r.services[0].constraint != s.constraint {
		r.problem(&Problem{
			r.typeName(s.obj), "", r.source.position(s.obj.Pos()),
			"has another build constraint than " + r.services[0].obj.Name(), "write two files with --type and --output",
		})
	}
}

// constraint returns the constraint from a file's name and its go:build line, in the
// syntax of the latter.
func (s *source) constraint(f *ast.File) string {
	byName := nameConstraint(filepath.Base(s.fset.Position(f.Package).Filename))
	for _, group := range f.Comments {
		if group.Pos() > f.Package {
			break
		}
		for _, c := range group.List {
			expr, err := constraint.Parse(c.Text)
			switch {
			case err != nil || !constraint.IsGoBuild(c.Text):
			case byName == "":
				return expr.String()
			default:
				return byName + " && (" + expr.String() + ")"
			}
		}
	}
	return byName
}

// nameConstraint returns the constraint in a name such as cart_linux.go. It tests with the
// rules of the go command which system would build such a file.
func nameConstraint(name string) string {
	builds := func(goos, goarch string) bool {
		ctx := build.Default
		ctx.GOOS, ctx.GOARCH = goos, goarch
		ctx.OpenFile = func(string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("package p\n")), nil
		}
		ok, err := ctx.MatchFile("", name)
		return ok && err == nil
	}
	parts := strings.Split(strings.TrimSuffix(name, ".go"), "_")
	last, previous := parts[len(parts)-1], parts[max(0, len(parts)-2)]
	switch {
	case builds("", ""):
		return ""
	case builds(last, ""):
		return last
	case builds("", last):
		return last
	default:
		return previous + " && " + last
	}
}
