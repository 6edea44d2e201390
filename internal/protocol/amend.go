package protocol

// AmendErrors lets amend change the Error messages in frames. If there is no such message
// or a frame is incomplete, it changes nothing and returns false. Messages that
// do not decode stay as they are.
func AmendErrors(frames []byte, amend func(*Error)) (amended []byte, ok bool) {
	if !hasError(frames) {
		return nil, false
	}
	split, err := Split(frames)
	if err != nil {
		return nil, false
	}
	for _, f := range split {
		if f.Type == TypeError {
			if m, err := Decode(f); err == nil {
				failed := m.(*Error)
				amend(failed)
				f.Body = failed.AppendTo(nil)
			}
		}
		amended = f.Append(amended)
	}
	return amended, true
}

// hasError reports whether there is an Error message. Mostly there is none, and it is
// asked for each write of an attempt.
func hasError(frames []byte) bool {
	for len(frames) >= HeadSize {
		h := ParseHead(frames)
		if h.Type == TypeError {
			return true
		}
		frames = frames[HeadSize:]
		if uint64(len(frames)) < uint64(h.Length) {
			return false
		}
		frames = frames[h.Length:]
	}
	return false
}
