// Command fxrestate is the command line tool of the framework.
//
//	fxrestate gen [flags] [directory]   write typed clients for handler structs
//	fxrestate help [command]            show help
//
// Add it to a module as a tool, so that everybody runs the version that go.mod
// names:
//
//	go get -tool github.com/fxrestate/go/cmd/fxrestate
//
// The exit code is 0 when all went well, 1 when something is wrong with the
// package or its generated file, and 2 when the command line is.
//
// # fxrestate gen
//
// It reads the handler structs of the package in the directory, the current one by
// default, and writes clients for them into the file fxrestate_gen.go beside them.
// One line in the package has go generate run it:
//
//	//go:generate go tool fxrestate gen
//
// A handler struct is an exported struct with exported methods that take a context
// of the SDK first; see package handler. For a virtual object
//
//	type Cart struct{ … }
//
//	// AddItem puts an item into the cart.
//	func (c *Cart) AddItem(ctx restate.ObjectContext, in Item) (Contents, error)
//
// it writes the interfaces CartClient, for calls from inside handlers, and
// CartIngress, for calls from outside. Registering the struct provides both to fx:
//
//	fxrestate.Object[*Cart](NewCart),
//	fx.Provide(NewAPI), // may take a CartClient or a CartIngress
//
// So does declaring it as the contract of a service elsewhere, as in
// fxrestate.RemoteObject[*Cart](), and it may be a struct of another package: the
// generated file lies beside the struct, and the registration finds it through the
// method RestateClients. A program that also has an fx.Provide of NewCartClient does not
// start: fx says that it is already provided. Remove that fx.Provide.
//
// A client takes the form of the kind: an object is addressed with Key, a workflow
// with ID, and a service needs neither. Its methods are those of the struct, and
// take the options of the SDK:
//
//	contents, err := carts.Key(id).AddItem(ctx, item)
//	sent, err := carts.Key(id).Send().AddItem(ctx, item, restate.WithDelay(time.Hour))
//	future, err := carts.Key(id).Start().AddItem(ctx, item)
//
// and outside, with a context.Context and the options of package ingress:
//
//	contents, err := carts.Key(id).AddItem(ctx, item, restate.WithIdempotencyKey(request))
//	sent, err := carts.Key(id).Send().AddItem(ctx, item)
//	result, err := signups.ID(user).Lookup().Run().Attach(ctx)
//
// They are the calls of packages rpc and ingress by method expression, no
// more: names, codecs and interceptors are the same. For options of a client, such
// as restate.WithScope, use those packages. The struct must be registered as a
// pointer, as in fxrestate.Object[*Cart].
//
// A handler may itself be named Send, Start or Lookup: what leads to the other
// verbs is then named Sends, Futures or Lookups in that client.
//
// # Fakes
//
// Clients are interfaces, one for each verb, so a test replaces them by hand. What
// the test does not reach comes from embedding the interface:
//
//	type fakeCarts struct{ shop.CartCalls }
//
//	func (f fakeCarts) Key(string) shop.CartCalls { return f }
//
//	func (f fakeCarts) AddItem(restate.Context, shop.Item, ...restate.RequestOption) (shop.Contents, error) {
//		return shop.Contents{Total: 7}, nil
//	}
//
//	fx.Decorate(func() shop.CartClient { return fakeCarts{} })
//
// # What has no client
//
// Typed calls are for handlers whose last result is an error. Handlers without one
// are left out, and named in a warning and in the generated file; so are handlers
// that have a type in their signature which the package cannot name, because they
// are promoted from another package. Generic structs are left out with a warning.
// Of a promoted method everything else, its comment included, is as if it was
// written for the struct.
//
// Mistakes, such as two inputs or contexts of two kinds, are errors with the words
// that fx.New has for them, and nothing is written.
//
// # Staying up to date
//
// The generated file assigns each method to a variable of the type that it had. So
// the build fails there when a handler went away or has another name, and when its
// context, input or result has another type.
//
// The build does not notice a handler or a struct that is new: Go has no expression
// that stands for all methods of a type, so nothing that compiles today can refuse
// one more tomorrow. Such a handler works, and is called by package rpc or
// ingress; the clients just lack it. Nor does the build notice a comment that
// changed, or a method that is excluded now. In CI
//
//	go tool fxrestate gen -check
//
// notices all of it: it writes nothing, and fails with the lines that would change.
// The output depends on the source and on the tool's version only.
//
// The package is read without the file of an earlier run, and need not compile:
// its code may use clients that are not written yet. Handlers in test files are
// not read. Handlers under a build constraint get it into their file; structs with
// different ones need a file each, by -type and -output.
//
// # Flags
//
//	-check             write nothing; fail when the file is not up to date
//	-exclude T.M,…     methods that are no handlers, as in fxrestate.Exclude
//	-output name       name of the file (default fxrestate_gen.go)
//	-tags tag,…        build tags to read the package with
//	-type T,…          structs to write clients for (default all)
package main
