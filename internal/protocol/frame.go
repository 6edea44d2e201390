package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

const (
	// HeadSize is the size of a frame's head in bytes: type, flags and length.
	HeadSize = 8
	// DefaultMax is the limit of a message in bytes that the server has by default.
	DefaultMax = 32 << 20
	// FlagRequestedAck asks for an acknowledgement of a command or of a proposal.
	FlagRequestedAck uint16 = 0x8000
	// readStep is how much is allocated for a message before any of it has arrived.
	readStep = 64 << 10
)

// Head is the head of a frame. The message follows it.
type Head struct {
	Type   Type
	Flags  uint16
	Length uint32 // of the message, in bytes
}

// ParseHead parses the head at the beginning of b, which must have at least [HeadSize]
// bytes.
func ParseHead(b []byte) Head {
	return Head{
		Type:   Type(binary.BigEndian.Uint16(b)),
		Flags:  binary.BigEndian.Uint16(b[2:]),
		Length: binary.BigEndian.Uint32(b[4:]),
	}
}

// Append appends the head to b.
func (h Head) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(h.Type))
	b = binary.BigEndian.AppendUint16(b, h.Flags)
	return binary.BigEndian.AppendUint32(b, h.Length)
}

// Frame is a message as it is sent.
type Frame struct {
	Type  Type
	Flags uint16
	Body  []byte // the message, of less than 4 GiB
}

// Append appends the frame to b.
func (f Frame) Append(b []byte) []byte {
	b = Head{f.Type, f.Flags, uint32(len(f.Body))}.Append(b)
	return append(b, f.Body...)
}

// TooLargeError is the error of a message that is larger than a limit.
type TooLargeError struct {
	Type   Type
	Length uint32 // as the frame's head has it, in bytes
	Limit  uint32
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("protocol: a message (%s) of %d bytes is larger than the limit of %d", e.Type, e.Length, e.Limit)
}

// limitOf is the limit that maximum stands for.
func limitOf(maximum int) uint32 {
	if maximum <= 0 {
		return DefaultMax
	}
	return uint32(min(uint64(maximum), 1<<32-1))
}

// ReadFrame reads one frame. Its message may have up to maximum bytes, or [DefaultMax] if
// that is zero; it is a [*TooLargeError] if it has more. The error is io.EOF if r ends
// before the frame begins, and io.ErrUnexpectedEOF if it ends in it. No memory is
// taken for bytes that do not arrive, but for the first 64 KiB.
func ReadFrame(r io.Reader, maximum int) (Frame, error) {
	var head [HeadSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return Frame{}, wrapRead(err)
	}
	h := ParseHead(head[:])
	if limit := limitOf(maximum); h.Length > limit {
		return Frame{}, &TooLargeError{h.Type, h.Length, limit}
	}
	f := Frame{Type: h.Type, Flags: h.Flags}
	if h.Length == 0 {
		return f, nil
	}
	for left := int(h.Length); left > 0; {
		n := min(left, max(readStep, len(f.Body)))
		f.Body = slices.Grow(f.Body, n)
		read, err := io.ReadFull(r, f.Body[len(f.Body):len(f.Body)+n])
		f.Body = f.Body[:len(f.Body)+read]
		if left -= read; err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return Frame{}, wrapRead(err)
		}
	}
	return f, nil
}

// wrapRead leaves io.EOF as it is, which callers compare.
func wrapRead(err error) error {
	if err == io.EOF { //nolint:errorlint // a wrapped one is no end of the stream
		return err
	}
	return fmt.Errorf("protocol: read a frame: %w", err)
}

// Follower follows the frames of a stream without keeping them. Its zero value can be
// used.
type Follower struct {
	// Max is the limit of a message in bytes. Zero stands for [DefaultMax].
	Max int

	head [HeadSize]byte
	have int    // bytes of the head
	left uint32 // bytes of the message that are still to come
}

// Next follows p to the end of a frame. It returns how many bytes of p that are, and
// whether the frame ends there. The error is a [*TooLargeError] as soon as a head
// announces such a message, and the stream cannot be followed any further.
func (f *Follower) Next(p []byte) (n int, ended bool, err error) {
	if f.have < HeadSize {
		n = copy(f.head[f.have:], p)
		if f.have += n; f.have < HeadSize {
			return n, false, nil
		}
		h := f.Head()
		if limit := limitOf(f.Max); h.Length > limit {
			return n, false, &TooLargeError{h.Type, h.Length, limit}
		}
		f.left = h.Length
	}
	part := min(uint64(f.left), uint64(len(p)-n))
	f.left -= uint32(part)
	n += int(part)
	if f.left > 0 {
		return n, false, nil
	}
	f.have = 0
	return n, true, nil
}

// Head returns the head of the frame that ended last, until more is followed.
func (f *Follower) Head() Head { return ParseHead(f.head[:]) }

// Within reports whether the stream has begun a frame and not ended it.
func (f *Follower) Within() bool { return f.have > 0 }

// Splitter splits a stream that arrives in pieces into frames. Its zero value can be
// used.
type Splitter struct {
	// Max is the limit of a message in bytes. Zero stands for [DefaultMax].
	Max int

	follow Follower
	body   []byte // what has arrived of the message under way
	failed error
}

// Feed takes the next piece and returns the frames that end in it, which are the
// caller's. The error is a [*TooLargeError] as soon as a frame's head has arrived that announces
// one, and every time after that; the frames before it are returned.
func (s *Splitter) Feed(p []byte) (frames []Frame, err error) {
	if s.failed != nil {
		return nil, s.failed
	}
	s.follow.Max = s.Max
	for len(p) > 0 {
		skip := HeadSize - s.follow.have // of the head, which is not kept
		n, ended, err := s.follow.Next(p)
		if err != nil {
			s.failed, s.body = err, nil
			return frames, err
		}
		if n > skip {
			s.body = append(s.body, p[max(skip, 0):n]...)
		}
		if p = p[n:]; ended {
			h := s.follow.Head()
			frames = append(frames, Frame{h.Type, h.Flags, s.body})
			s.body = nil
		}
	}
	return frames, nil
}

// Close returns io.ErrUnexpectedEOF, wrapped, if the stream ends within a frame.
func (s *Splitter) Close() error {
	if s.failed != nil {
		return s.failed
	}
	if s.follow.Within() {
		return wrapRead(io.ErrUnexpectedEOF)
	}
	return nil
}

// Split returns the frames of b, whose bodies lie in it. The error is io.ErrUnexpectedEOF,
// wrapped, if b ends within a frame.
func Split(b []byte) (frames []Frame, err error) {
	for len(b) > 0 {
		if len(b) < HeadSize {
			return frames, wrapRead(io.ErrUnexpectedEOF)
		}
		h := ParseHead(b)
		b = b[HeadSize:]
		if uint64(len(b)) < uint64(h.Length) {
			return frames, wrapRead(io.ErrUnexpectedEOF)
		}
		body := b[:h.Length:h.Length]
		if h.Length == 0 {
			body = nil
		}
		frames = append(frames, Frame{h.Type, h.Flags, body})
		b = b[h.Length:]
	}
	return frames, nil
}
