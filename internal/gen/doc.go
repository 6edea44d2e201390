// Package gen writes typed clients for the handler structs of a package: the work
// behind the command "fxrestate gen", whose manual describes what comes out.
//
//	file, err := gen.Generate(ctx, gen.Config{Dir: "./shop"})
//	…
//	changed, err := file.Write() // or file.Check() in CI
//
// It goes in four steps, each in a file of its own. [Generate] loads the package
// from source, and what it imports from what the go command compiled (load.go), reads its handler structs by the rules of package
// handler (read.go), chooses names for what it declares and imports (names.go)
// and fills a template (render.go, client.tmpl). The result is checked by the
// type checker before anybody sees it (verify.go).
//
// The package usually does not compile when it is read: its code uses the very
// types that are to be generated. So the file of an earlier run is hidden from
// the loader, and type errors are of no interest unless they hide a type in the
// signature of a handler. Reading the same source always gives the same file.
package gen
