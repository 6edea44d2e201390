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
//     216 MB, no script of the package is run, Node is not needed afterwards. npm's
//     settings for registries and proxies apply, and those that choose what is
//     installed and where do not
//  6. docker, with the image docker.io/restatedev/restate
//
// A server named by 1 or 2 is run whatever its version is. If it does not run,
// that is an error at once. If all the other steps fail, one error lists them.
//
// This package knows the SHA-256 of each binary of [DefaultVersion]. It neither
// runs nor keeps an installed binary with another digest. For other versions it
// trusts npm at the installation, and afterwards requires the same binary. The
// digest is computed when the file is new or when its size or time has changed.
//
// An installation can be interrupted, and many test binaries can start one at
// once: one installs under a file lock and the others wait. The binary is moved
// to its name in the cache only after --version succeeded, and the version is
// checked again at each use. A damaged installation is replaced.
//
// # How it runs
//
// The server listens on 127.0.0.1 only, on free ports unless [Config] names
// them, reports no telemetry, and gets no RESTATE_ setting from this
// process's environment. It is ready when both health checks and a query over
// all partitions succeed: less than a second on an idle machine.
//
// Its data is in a directory that no other user of the machine can read. With
// [Config].Dir the data outlives the server. A later start may use other ports,
// but the application should keep its URL: invocations in flight return to the
// URL of the deployment that they started on. Only one server can have the
// directory open; see [ErrDirInUse].
//
// # How it ends
//
// [Server.Stop] asks the server to end, and kills it if it does not.
// [Server.Kill] simulates a crash. Ctrl-C in a terminal does not reach the
// server, because it runs in its own process group: the program decides when to
// stop it.
//
// If the program dies without stopping the server, even by SIGKILL, the server
// dies too:
//
//   - On Linux the kernel kills it at once (the parent-death signal).
//   - On macOS and other unix systems a small shell beside the server kills it.
//     That is a best effort.
//   - On Windows, which has no server binary, nothing does.
//   - With docker the client passes the signal to the container, as long as the
//     engine responds. A container that is left is named
//     fxrestate-devserver-PID-…
//
// If nobody calls [Server.Stop], a temporary data directory is left. The next
// start of a server with a temporary directory removes those of this user whose
// process is gone. It knows that from their locks.
//
// # Docker
//
// Docker is the last resort because its network depends on where the engine runs.
// On Linux the container shares the host's network. In Docker Desktop the
// container reaches this machine as host.docker.internal: build the URLs of
// deployments from [Server.EndpointHost], which returns the right name. A
// rootless engine has its own network, in which neither works; use npm there.
// The tests of this path use a fake docker client. With a real engine it was
// tested by hand, on Linux.
package devserver
