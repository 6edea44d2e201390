// Package devserver finds, installs and runs a real restate-server for
// development and tests.
//
//	s, err := devserver.Start(ctx, devserver.Config{Progress: os.Stderr})
//	if err != nil {
//		return err
//	}
//	defer s.Stop(context.Background())
//	// s.IngressURL(), s.AdminURL()
//
// In an fx app, [Module] provides the same *[Server] and binds it to the
// app's lifecycle.
//
// # Where the server comes from
//
// The first of these wins:
//
//  1. [Config].Binary
//  2. the environment variable RESTATE_SERVER_BIN
//  3. restate-server on PATH, if it has the version that [Config].Version asks for
//  4. the cache, which holds what step 5 installed
//  5. npm, which installs @restatedev/restate-server into the cache: about
//     216 MB, no script of the package is run, Node is not needed afterwards
//  6. docker, with the image docker.io/restatedev/restate
//
// A server that was named, by 1 or 2, is run whatever its version, and is an error
// at once when it does not run. Misses of the others are remembered, and if all
// fail one error lists them.
//
// This package knows the SHA-256 of each binary of [DefaultVersion], and neither
// runs nor keeps an installed one that has another. For other versions it trusts
// npm at the installation, and keeps to the binary that came of it. The digest is
// computed when the file is new or has changed, which its size and time tell.
//
// An installation is safe to interrupt and to run from many test binaries at
// once: one installs under a file lock and the rest wait. The binary gets its
// name in the cache only after it has told its version, and tells it again
// whenever it is used. What is not as it should be is installed again.
//
// # How it runs
//
// The server listens on 127.0.0.1 only, on free ports unless [Config] names
// them, reports no telemetry, and gets no RESTATE_ setting from this
// process's environment. It is ready when both health checks and a query over
// all partitions are answered: less than a second on an idle machine.
//
// Its data is in a directory that no other user of the machine can read. With
// [Config].Dir the data outlives the server. A later start may use other
// ports, but invocations in flight go back to the URL of the deployment they
// began on, so the application should come back under the same one. Only one
// server can have the directory open; see [ErrDirInUse].
//
// # How it ends
//
// [Server.Stop] asks the server to end and kills it if it does not.
// [Server.Kill] is a crash on purpose. Ctrl-C in a terminal does not reach the
// server, which runs in a process group of its own: the program stops it in
// its own order.
//
// If the program dies without stopping it, SIGKILL included, the server dies
// too. On Linux the kernel sees to that, at once (the parent-death signal). On
// macOS and other unix systems it is a best effort: a small shell beside the
// server notices and kills it. On Windows, which has no server binary, nothing
// does. With docker the client passes the signal on to the container, as long
// as the engine answers; a container that stays behind is named
// fxrestate-devserver-PID-… A temporary data directory stays behind whenever
// nobody calls [Server.Stop], until the next start of a server with one: that
// removes those of this user whose process has gone, which their locks tell.
//
// # Docker
//
// Docker is the last resort because what it does with networks depends on
// where its engine runs. On Linux the container shares the host's network. In
// Docker Desktop it reaches this machine as host.docker.internal: build the
// URLs of deployments from [Server.EndpointHost], which knows. A rootless
// engine has a network of its own, in which neither works; use npm there.
// The tests of this path use a stand-in for the docker client; with an engine
// on Linux it was tried by hand.
package devserver
