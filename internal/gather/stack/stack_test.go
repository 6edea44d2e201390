package stack_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/gather/stack"
)

func TestReservedStackDoesNotMoveUnderADeepCall(t *testing.T) {
	t.Parallel()
	require.False(t, moves(stack.Reserve, 7<<10))
}

func TestStackMovesUnderACallDeeperThanReserved(t *testing.T) {
	t.Parallel()
	require.True(t, moves(stack.Reserve, 64<<10), "the test cannot tell whether a stack moves")
}

// moves reports whether the stack of a fresh goroutine is copied to another place
// by calls that need the given number of bytes after before has run.
func moves(before func(), bytes int) bool {
	moved := make(chan bool)
	go func() {
		before()
		var here byte
		at := uintptr(unsafe.Pointer(&here))
		descend(bytes)
		moved <- at != uintptr(unsafe.Pointer(&here))
	}()
	return <-moved
}

// descend uses at least the given number of bytes of stack, in small frames.
//
//go:noinline
func descend(bytes int) byte {
	var frame [128]byte
	if bytes > len(frame) {
		frame[bytes%len(frame)] = descend(bytes - len(frame) - 32)
	}
	return frame[0]
}

// A goroutine per iteration, as net/http starts one per request.
func BenchmarkDeepCallInAFreshGoroutine(b *testing.B) {
	run := func(b *testing.B, before func()) {
		done := make(chan byte)
		for b.Loop() {
			go func() {
				before()
				done <- descend(7 << 10)
			}()
			<-done
		}
	}
	b.Run("grown as needed", func(b *testing.B) { run(b, func() {}) })
	b.Run("reserved", func(b *testing.B) { run(b, stack.Reserve) })
}
