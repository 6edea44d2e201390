// Package stack grows a goroutine's stack in one step.
//
// A goroutine starts with a stack of a few kilobytes, which doubles, and is
// copied, each time it is too small. net/http starts a goroutine for each HTTP/2
// request, and the SDK's calls into its WASM core and back need about 10 kB: three
// copies, the last of them of a deep stack, which were 8 % of the CPU time of an
// invocation that does nothing.
package stack

// reserved is what the SDK needs below the handler that calls Reserve. With what
// is above, it brings the stack to 16 kB, the largest size that the runtime
// caches per processor.
const reserved = 8 << 10

// Reserve makes sure that the calling goroutine can use 8 kB of stack without
// growing it again. It costs nothing where there is room.
func Reserve() { frame(false) }

// frame has a large frame and does not use it: a function's prologue asks for room
// for the whole frame, whatever the function then does.
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
