package handler_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// declarations maps "Type.Method" to "file.go:12" for the methods in this
// package's tests, as the parser sees them.
var declarations = sync.OnceValues(func() (map[string]string, error) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, file := range files {
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, decl := range tree.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil {
				name := receiver(fn.Recv.List[0].Type) + "." + fn.Name.Name
				found[name] = fmt.Sprintf("%s:%d", file, fset.Position(fn.Pos()).Line)
			}
		}
	}
	return found, nil
})

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	default:
		return ""
	}
}

// source returns where a method is written. The method is given as "Type.Method".
func source(t *testing.T, method string) string {
	t.Helper()
	found, err := declarations()
	require.NoError(t, err)
	require.Contains(t, found, method)
	return found[method]
}

var placeholder = regexp.MustCompile(`\{([A-Za-z]+\.[\pL\d]+)\}`)

// expand replaces each {Type.Method} in a wanted message with the file and line of the
// method.
func expand(t *testing.T, message string) string {
	t.Helper()
	return placeholder.ReplaceAllStringFunc(message, func(s string) string {
		return source(t, s[1:len(s)-1])
	})
}
