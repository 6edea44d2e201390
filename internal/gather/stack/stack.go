// Package stack grows a goroutine's stack in one step.
//
// A goroutine starts with a stack of a few kilobytes. Each time it is too small, it is
// doubled and copied. net/http starts a goroutine for each HTTP/2 request, and the SDK's
// calls into its WASM core and back need about 10 kB. That makes three copies, the last
// of a deep stack. They took 8 % of the CPU time of an invocation that does nothing.
package stack

// reserved is the stack that the SDK needs below the handler that calls Reserve. Together
// with the frames above, the stack grows to 16 kB, the largest size that the runtime
// caches per processor.
const reserved = 8 << 10

// Reserve makes sure that the calling goroutine can use 8 kB of stack without growing it
// again. It costs nothing if the stack is already large enough.
func Reserve() { frame(false) }

// frame has a large stack frame and does not use it. The prologue of a function reserves
// the whole frame in any case.
//
//go:noinline
func frame(use bool) {
	if use {
		var b [reserved]byte
		touch(&b)
	}
}

//go:noinline
func touch(b *[reserved]byte) { b[0]++ }
