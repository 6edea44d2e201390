// Command fxrestate is the command line tool of the framework.
//
//	fxrestate gen [directory]       write typed clients for handler structs
//	fxrestate record <invocation>   write the journal of an invocation for tests
//	fxrestate manifest <app>        print what an application answers to discovery
//	fxrestate plan <app>            show what a registration would change, and break
//	fxrestate register <app>        register an endpoint that serves
//	fxrestate graph <app>           show services, their pipelines, and who calls whom
//	fxrestate completion <shell>    print a script that completes its commands
//	fxrestate help [command]        show help
//
// Add it to a module as a tool, so that everybody runs the version in go.mod:
//
//	go get -tool github.com/fxrestate/go/cmd/fxrestate
//
// What was asked for goes to the standard output, all else to the standard error. With
// --json, the output is one JSON document. Colours are used on a terminal only; see
// --color, and NO_COLOR.
//
// The exit code is 0 on success, 1 if something failed, 2 if the command line is wrong, and
// 3 if all was done and something was found that needs somebody.
//
// # fxrestate gen
//
// It reads the handler structs of the package in the directory (by default the
// current one), and writes their clients into the file fxrestate_gen.go in that
// directory. To run it with go generate, add one line to the package:
//
//	//go:generate go tool fxrestate gen
//
// A handler struct is an exported struct with exported methods that take a context
// of the SDK first; see package handler. An unexported struct gets clients, which are
// not exported either, if -type names it; otherwise a warning says that it was passed
// over. Guards, interceptors and pipes of package pipeline may be in the same package:
// their methods are no handlers. For a virtual object
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
// Registering it as the contract of a service in another application does the same, as
// in fxrestate.RemoteObject[*Cart](). The struct may be in another package: the generated
// file is in the package of the struct, and the registration finds the clients through
// the method RestateClients. If a program also has an fx.Provide of NewCartClient, fx
// reports that the client is already provided. Remove that fx.Provide.
//
// A client depends on the kind: an object is addressed with Key, a workflow with ID,
// and a service needs neither. A client has the methods of the struct, and they take
// the options of the SDK:
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
// The clients only wrap the calls of packages rpc and ingress: names, codecs and
// interceptors are the same. For options of a client, such as restate.WithScope, use
// those packages. The struct must be registered as a pointer, as in
// fxrestate.Object[*Cart].
//
// If a handler is itself named Send, Start or Lookup, the method of the client that
// leads to the other verbs is named Sends, Futures or Lookups.
//
// # Fakes
//
// With --fakes, a second file gets a fake of each struct's clients for tests: a function for
// each handler, which calls, sends and futures run alike, inside handlers and outside.
//
//	//go:generate go tool fxrestate gen --fakes fxrestate_fake.go
//
// A test sets the functions of the handlers that are called, and puts the fake in the place
// of the client:
//
//	fake := shop.CartFake{AddItem: func(ctx context.Context, key string, in shop.Item) (shop.Contents, error) {
//		return shop.Contents{Total: 7}, nil
//	}}
//	fx.Decorate(fake.Replace) // of the client for handlers; fake.ReplaceIngress is that for outside
//	NewOrders(fake.Client())  // without fx
//
// A send runs the function at once, and a future has its result. A handler whose function
// is not set fails with a terminal error that names it. For a package main, whose fakes no
// other package can use, give the file a name that ends in _test.go.
//
// Clients are interfaces, one for each verb. For what a fake does not offer, such as the
// options of a call, write a type that embeds the interface.
//
// # Handlers without a client
//
// Typed calls need handlers whose last result is an error. Handlers without one are
// skipped: a warning and the generated file name them. Handlers that are promoted
// from another package are skipped in the same way if their signature has a type
// that the package cannot name. Generic structs are skipped with a warning. Other
// promoted methods, with their comments, are treated as if they were written for the
// struct.
//
// Mistakes, such as two inputs or contexts of two kinds, are errors with the same
// text as those of fx.New. Nothing is written then.
//
// # Staying up to date
//
// The generated file assigns each method to a variable of the type that the method
// had. So the build fails there if a handler was removed or renamed, or if the type of
// its context, input or result changed.
//
// The build does not detect a new handler or struct, because Go has no expression for
// all methods of a type. A new handler works, and packages rpc and ingress can call
// it, but the clients lack it. The build also does not detect a changed comment or a
// newly excluded method. To detect all of these in CI, run
//
//	go tool fxrestate gen --check
//
// It writes nothing, and fails with the lines that would change. The output depends
// only on the source and on the tool's version. A checkout with CRLF line endings is up
// to date.
//
// The flags for --check are those of the go:generate lines in the directory. If there are
// several lines, all of their files are checked. Flags beside --check on the command line
// take the place of the lines.
//
// The package is read without the file of an earlier run, and need not compile: its
// code may use clients that are not generated yet. Handlers in test files are
// ignored. If handlers have a build constraint, the generated file gets it too.
// Structs with different constraints need separate files: use --type and --output.
//
// # Flags
//
//	--check             write nothing; fail if the file is not up to date
//	--fakes name        name of a second file, with fakes of the clients (default none)
//	--exclude T.M,…     methods that are not handlers, as in fxrestate.Exclude
//	--output name       name of the file (default fxrestate_gen.go)
//	--tags tag,…        build tags to read the package with
//	--type T,…          structs to write clients for (default all that are exported)
//
// # fxrestate record
//
// It writes the journal of an invocation, as the server has it, into a file:
//
//	fxrestate record -o testdata/place.journal.json --redact card,email inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN
//
// A test replays it against the handlers of today with restatetest.Replay, and fails if they
// could not continue such an invocation. The file has an entry on each line.
//
// With --redact, values are replaced whose field or header has such a name, in whatever entry
// and without regard to the case. The name of a step, a state, a promise or a signal, or a
// handler as service/handler, stands for all of its values. A text keeps its length and shape
// and has the same replacement wherever it occurs, so that the replay is not spoilt. The headers
// authorization, proxy-authorization and cookie are always replaced. Read the file before
// you commit it: only you know what is secret.
//
//	--admin URL         URL of the admin API (default RESTATE_ADMIN_URL, or http://localhost:9070)
//	-o name             name of the file (default: the standard output)
//	--redact name,…     what is replaced
//
// The token of the admin API, if it needs one, is read from RESTATE_AUTH_TOKEN.
//
// # Applications
//
// The commands manifest, plan, register and graph are about an application: a compiled
// program, a Go package such as ./cmd/app, which is built first, the URL of an endpoint that
// serves, or a file that manifest has written. Arguments after -- are those of the program:
//
//	fxrestate graph ./cmd/shop -- --config shop.yaml
//
// A program is run with FXRESTATE_DESCRIBE in its environment. It writes what it serves into
// the file with that name, and does not start: see fxrestate.ErrDescribed. It needs no server,
// and constructs no service. One that was built without fxrestate.Module, or with one that
// knows nothing of this, is not run at all, since it would start.
//
//	--timeout 30s        how long the program or the URL may take; then the program and its
//	                     children are killed
//	--header name=value  header of requests to the endpoint, for a gateway in front of it
//
// # fxrestate manifest
//
// It prints the answer to discovery as JSON. With --description it prints all that the
// program says of itself: build, configuration without secrets, pipelines, calls, and the
// manifest. Keep either in a file for plan --against.
//
// # fxrestate plan
//
// It shows what a registration would do, and writes nothing:
//
//	fxrestate plan http://localhost:9080
//	fxrestate plan --url http://shop.internal:9080 ./shop
//	fxrestate plan --against released.json ./cmd/shop
//
// The last one needs no server. The exit code is 3 if callers may fail, if invocations are in
// flight whose handlers change, or if a policy refuses the registration, and else 0. Callers
// may fail where a service or a handler is gone, private or of another kind, where an input
// does not take what it took, and where an output does not give what it gave.
//
// # fxrestate register
//
// It registers an endpoint that serves, as package deployment does:
//
//	fxrestate register http://localhost:9080
//	fxrestate register --yes --url http://shop.internal:9080 ./shop
//
// With a program, the server is asked first whether it finds at the URL what the program
// declares; else nothing is registered. So a gateway, identity keys, and a URL that only the
// server can reach are no obstacles. The policies are those of the program's configuration,
// or of mode production, and these flags of register and plan change them:
//
//	--mode, --in-place, --drain-limit, --superseded, --replace-other, --breaking,
//	--use-http11, --metadata, --application     fields of deployment.Config
//
// With --dry-run it prints what the server would register. --wait is how long it is tried
// (default 1m). An endpoint that is named by its URL gets the application's name that the
// server keeps with its services, or none.
//
// # fxrestate graph
//
// It shows each service with its handlers, what runs around them, and the services that it
// may call: those whose clients its constructor takes, also through other types that fx
// constructs, and those that get its dead letters. Functions given to fx.Invoke and calls
// with the SDK's own clients do not show.
//
//	--format text|mermaid|svg
//	-o name              name of the file
package main
