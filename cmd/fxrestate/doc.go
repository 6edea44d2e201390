// Command fxrestate is the command line tool of the framework.
//
//	fxrestate gen [directory]       write typed clients for handler structs
//	fxrestate record <invocation>   write the journal of an invocation for tests
//	fxrestate manifest <app>        print what an application answers to discovery
//	fxrestate plan <app>            show what a registration would change, and break
//	fxrestate register <app>        register an endpoint that serves
//	fxrestate graph <app>           show services, their pipelines, and who calls whom
//	fxrestate dev                   run a restate-server for the work on an application
//	fxrestate doctor [app]          say what is wrong with a server, and what to do
//	fxrestate invocations …         list invocations, describe them, and change them
//	fxrestate state …               show, set and clear the state of objects and workflows
//	fxrestate drain <deployment>    wait until nothing runs on an old deployment
//	fxrestate deployments …         list, describe and remove deployments
//	fxrestate subscriptions …       list, describe, create and remove Kafka subscriptions
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
//
// # fxrestate dev
//
// It runs a real restate-server until Ctrl-C, as package devserver finds or installs it, and
// prints where the ingress, the admin API and the UI are:
//
//	fxrestate dev
//	fxrestate dev --name shop --app http://localhost:9080 --app http://localhost:9081
//
// The data is kept below XDG_DATA_HOME (~/.local/share) in fxrestate/dev, under the name of the
// module in the directory, so that the next start goes on where this one ended. One process
// at a time has a name.
//
// Each URL of --app is asked every second what is served there. An application is registered
// when it appears, and again when its handlers have changed. One that is registered with the
// same interface, because it registers itself, is left alone.
//
// The exit code is 0 after Ctrl-C, and 1 if the server ends by itself, with the end of its
// log.
//
//	--name name           name of the data (default the module)
//	--clean               remove the data first; asks, unless --yes is given
//	--version version     version of restate-server (default devserver.DefaultVersion)
//	--ingress-port port   port of the ingress (default 8080), 0 for a free one
//	--admin-port port     port of the admin API and the UI (default 9070), 0 for a free one
//	--app URL             URL of an application, may be repeated (default http://localhost:9080)
//	--verbose             show the server's log, which is in a file otherwise
//
// # fxrestate doctor
//
// It looks at all that an application needs of its server, and shows what is wrong with what to
// do, mostly a command to type. Nothing is changed. The checks, in order:
//
//	Configuration   the RESTATE_… variables can be read; secrets are not shown
//	Admin API       there is one at the address, and it takes the token
//	Server version  it is in the table of docs/compatibility.md
//	Clock           it differs by no more than a second (!) or half a minute (✗)
//	Partitions      each of the server's partitions answers
//	Ingress         there is one at the address, and it is that of the same cluster
//	Deployments     the server reaches each, and finds what is registered; those that nobody
//	                needs any more can be removed
//	Handlers        no invocation waits for one that no deployment serves
//	Invocations     none is paused, or fails again and again
//	Subscriptions   the handler of each is served
//	Application     what is named is registered as it is; see Applications
//
// To see what it reaches, the server is told to register each deployment without doing so,
// for which it asks what is served there. Functions on AWS Lambda are not asked.
//
// A check is ✓, ! if it is worth knowing, ? if it could not be made, or ✗ if it needs somebody.
// The exit code is 3 if one does, else 1 if one could not be made, else 0.
//
//	--admin URL      URL of the admin API (default RESTATE_ADMIN_URL, or http://localhost:9070)
//	--ingress URL    URL of the ingress (default RESTATE_INGRESS_URL, or http://localhost:8080;
//	                 with --admin alone, the one that the server names)
//	--timeout time   how long one check may take (default 15s)
//
// # Operations
//
// The following commands talk to the admin API of a server: at --admin, or else at
// RESTATE_ADMIN_URL, or else at http://localhost:9070. Its token, if it needs one, is read
// from RESTATE_AUTH_TOKEN alone. docs/operations.md has the commands task by task.
//
// A command that changes something shows what, and asks. With --dry-run it only shows, and
// with --yes it does not ask. Without a terminal it demands --yes.
//
// # fxrestate invocations
//
//	list [service | service/handler | service/key/handler]
//	describe <id>
//	cancel | kill | pause | resume | restart | purge [id]…
//
// The list has the invocations that have not completed, those first that are paused or fail.
// The description has the status in words, the deployment and whether it is still there, the
// last failure, what the invocation waits for, its input, its journal, and the commands that
// help.
//
// The others take ids, or all that these flags select, which list has too:
//
//	--service, --handler name,…   of services and handlers
//	--key key                     of a key of an object or a workflow
//	--status status,…             in a status; all for completed ones too
//	--deployment id,…             bound to a deployment, or to one that is gone, old or none
//	--older-than duration         made longer ago, such as 10m or 3d
//	--min-retries n               with at least so many attempts
//	--invoked-by id|service,…     called by an invocation or a service
//	--trace-id, --idempotency-key
//	--limit n
//
// Without --status, resume takes those that are paused, pause those that run or back off,
// restart and purge those that have completed, and cancel and kill all others. Without any of
// the flags they demand --all. The invocations are those that were shown: what comes later is
// not taken, and what has changed its status meanwhile is skipped. The server accepts a
// change and carries it out on its own, so the list may still show the old status right after.
//
//	resume --deployment id|latest   go on with another deployment; then --from-deployment selects
//	restart --from n                take over the journal up to an entry
//	restart --deployment id|pinned  with --from: not on the latest deployment
//	purge --journal-only            keep the result
//
// # fxrestate state
//
//	get <service> <key> [name]            --raw for the bytes of one value
//	set <service> <key> name=json…        --replace, --raw, --version v
//	clear <service> <key> [name]…         --version v
//
// Set and clear read the state, show what changes, and write it if it is still the same. They
// wait until the server has written it, at most for --timeout (default 30s). If an invocation
// holds the key they say so, and the server writes it when that has ended. With --version they
// change only the version that get has shown.
//
// # fxrestate drain, fxrestate deployments
//
//	drain <deployment>              --wait, --timeout duration, --delete
//	deployments list
//	deployments describe <id>
//	deployments delete <id>         --force
//
// Drain shows what is in flight on a deployment, and ends with 3 if anything is. With --wait
// it waits until nothing is, and with --delete it removes the deployment then. It never
// removes one with invocations on it or one that is the latest of a service; that does
// deployments delete --force.
//
// # fxrestate subscriptions
//
//	list
//	describe <id>
//	create --source kafka://cluster/topic --sink service/handler [--option name=value]…
//	delete <id>
//
// Options are those of librdkafka's consumer. Passwords among them are not shown.
package main
