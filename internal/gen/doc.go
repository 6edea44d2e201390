// Package gen generates typed clients for the handler structs of a package. It implements
// the command "fxrestate gen", whose manual describes the output.
//
//	file, err := gen.Generate(ctx, gen.Config{Dir: "./shop"})
//	…
//	changed, err := file.Write() // or file.Check() in CI
//
// [Generate] works in five steps:
//
//   - It loads the package from source, and its imports from export data (load.go).
//   - It reads the handler structs by the rules of package handler (read.go).
//   - It chooses names for declarations and imports (names.go).
//   - It fills a template (render.go, client.tmpl).
//   - It checks the result with the type checker (verify.go).
//
// The package often does not compile when it is read, because its code uses the types that
// are to be generated. So the file of an earlier run is hidden from the loader, and type
// errors are ignored unless they hide a type in the signature of a handler. The same
// source always gives the same file.
package gen
