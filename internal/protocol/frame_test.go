package protocol_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
)

// head is a frame's head without its message.
func head(kind protocol.Type, length uint32) []byte {
	return protocol.Head{Type: kind, Length: length}.Append(nil)
}

func TestAFrameIsAHeadAndItsMessage(t *testing.T) {
	t.Parallel()
	f := protocol.Frame{Type: protocol.TypeRun, Flags: protocol.FlagRequestedAck, Body: []byte("body")}
	b := f.Append([]byte("before"))
	require.Equal(t, "before\x04\x11\x80\x00\x00\x00\x00\x04body", string(b))
	require.Equal(t, protocol.Head{Type: f.Type, Flags: f.Flags, Length: 4}, protocol.ParseHead(b[len("before"):]))
}

func TestReadFrame(t *testing.T) {
	t.Parallel()
	large := protocol.Frame{Type: protocol.TypeOutput, Body: bytes.Repeat([]byte("x"), 1<<20+1)}
	for _, tt := range []struct {
		name    string
		stream  []byte
		maximum int
		want    protocol.Frame
		err     error
	}{
		{"reads an empty message", head(protocol.TypeEnd, 0), 0, protocol.Frame{Type: protocol.TypeEnd}, nil},
		{"reads a large message", large.Append(nil), 0, large, nil},
		{"reads no further than the frame", append(head(protocol.TypeEnd, 0), "next"...), 0, protocol.Frame{Type: protocol.TypeEnd}, nil},
		{"reads a message of the maximum", append(head(protocol.TypeError, 4), "body"...), 4, protocol.Frame{Type: protocol.TypeError, Body: []byte("body")}, nil},
		{"of an empty stream is its end", nil, 0, protocol.Frame{}, io.EOF},
		{"of half a head is an unexpected end", head(protocol.TypeEnd, 0)[:5], 0, protocol.Frame{}, io.ErrUnexpectedEOF},
		{"of a head without its message is an unexpected end", head(protocol.TypeError, 4), 0, protocol.Frame{}, io.ErrUnexpectedEOF},
		{"of half a message is an unexpected end", large.Append(nil)[:1<<19], 0, protocol.Frame{}, io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := protocol.ReadFrame(iotest.HalfReader(bytes.NewReader(tt.stream)), tt.maximum)
			require.ErrorIs(t, err, tt.err)
			require.Equal(t, tt.err == io.EOF, err == io.EOF, "who reads to the end compares")
			require.Equal(t, tt.want, f)
		})
	}
}

func TestAFrameBeyondTheLimitIsRefusedByItsHead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		maximum int
		length  uint32
		limit   uint32
	}{
		{"a limit", 10, 11, 10},
		{"the limit of servers where none is set", 0, 32<<20 + 1, 32 << 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := protocol.TooLargeError{Type: protocol.TypeInput, Length: tt.length, Limit: tt.limit}
			stream := head(protocol.TypeInput, tt.length)

			var beyond *protocol.TooLargeError
			_, err := protocol.ReadFrame(bytes.NewReader(stream), tt.maximum)
			require.ErrorAs(t, err, &beyond)
			require.Equal(t, want, *beyond)
			require.ErrorContains(t, err, "handler input")

			follower := protocol.Follower{Max: tt.maximum}
			n, ended, err := follower.Next(stream)
			require.ErrorAs(t, err, &beyond)
			require.Equal(t, protocol.HeadSize, n)
			require.False(t, ended)

			splitter := protocol.Splitter{Max: tt.maximum}
			frames, err := splitter.Feed(append(head(protocol.TypeEnd, 0), stream...))
			require.ErrorAs(t, err, &beyond)
			require.Equal(t, []protocol.Frame{{Type: protocol.TypeEnd}}, frames, "what came before")
			frames, again := splitter.Feed(head(protocol.TypeEnd, 0))
			require.Equal(t, err, again)
			require.Empty(t, frames)
			require.Equal(t, err, splitter.Close())
		})
	}
}

func TestAReadErrorIsWrapped(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, stream := range map[string][]byte{"in the head": {0}, "in the message": append(head(protocol.TypeError, 4), 'b')} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := protocol.ReadFrame(io.MultiReader(bytes.NewReader(stream), iotest.ErrReader(broken)), 0)
			require.ErrorIs(t, err, broken)
			require.ErrorContains(t, err, "protocol: ")
		})
	}
}

// What a length claims must not be allocated before it has arrived.
func TestMemoryIsTakenForWhatArrives(t *testing.T) { // alone, since it measures
	for name, read := range map[string]func(stream []byte){
		"by a reader": func(stream []byte) {
			_, err := protocol.ReadFrame(bytes.NewReader(stream), 1<<31-1)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		},
		"by a splitter": func(stream []byte) {
			s := protocol.Splitter{Max: 1<<31 - 1}
			_, err := s.Feed(stream)
			require.NoError(t, err)
			require.ErrorIs(t, s.Close(), io.ErrUnexpectedEOF)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			read(append(head(protocol.TypeInput, 1<<31-1), strings.Repeat("x", 1000)...))
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
		})
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	frames := []protocol.Frame{
		{Type: protocol.TypeStart, Body: []byte("start")},
		{Type: protocol.TypeEnd},
		{Type: protocol.TypeError, Flags: 1, Body: []byte("error")},
	}
	var stream []byte
	for _, f := range frames {
		stream = f.Append(stream)
	}
	got, err := protocol.Split(stream)
	require.NoError(t, err)
	require.Equal(t, frames, got)
	_ = append(got[0].Body, "more"...)
	again, err := protocol.Split(stream)
	require.NoError(t, err)
	require.Equal(t, frames, again, "a body has no room for the head behind it")

	for name, cut := range map[string]int{"in a message": 1, "in a head": len("error") + 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := protocol.Split(stream[:len(stream)-cut])
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.Equal(t, frames[:2], got)
		})
	}
}

// However a stream is cut into pieces, its frames are the same.
func FuzzSplitter(f *testing.F) {
	f.Add(protocol.FirstAttempt("id", "inv_id", []byte("input")), uint8(1))
	f.Add(protocol.FirstAttempt("id", "inv_id", []byte("input")), uint8(7))
	f.Add(head(protocol.TypeInput, 1<<32-1), uint8(3))
	f.Add(head(protocol.TypeEnd, 0), uint8(8))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8) {
		const maximum = 1 << 10
		want, wantErr := []protocol.Frame(nil), error(nil)
		for r := bytes.NewReader(stream); ; {
			f, err := protocol.ReadFrame(r, maximum)
			if err != nil {
				wantErr = err
				break
			}
			want = append(want, f)
		}

		s := protocol.Splitter{Max: maximum}
		var got []protocol.Frame
		var err error
		for rest := stream; len(rest) > 0 && err == nil; {
			n := min(int(piece)+1, len(rest))
			own := bytes.Clone(rest[:n])
			var frames []protocol.Frame
			frames, err = s.Feed(own)
			clear(own) // whoever reads a stream uses the buffer again
			got = append(got, frames...)
			rest = rest[n:]
		}
		if err == nil {
			err = s.Close()
		}
		require.Equal(t, want, got)
		if wantErr == io.EOF {
			require.NoError(t, err)
		} else {
			require.Equal(t, wantErr, err)
		}

		if split, err := protocol.Split(stream); err == nil && len(split) == len(want) {
			require.Equal(t, want, split)
		}
	})
}
