package journal

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// secretHeaders are redacted in any case.
var secretHeaders = []string{"authorization", "proxy-authorization", "cookie"}

// shortest is the length from which a secret is looked for everywhere, and not only where a
// name says that there is one: shorter texts occur by chance.
const shortest = 4

// Redact replaces what fields and headers with some names have, in whatever value and on
// whatever level, without regard to the case. A name can also be that of a step, a state, a
// promise or a signal, or of a handler that is called, as "service/handler": its values are
// replaced as a whole. Each text gets one replacement of the same
// length and shape, which also stands wherever else the text occurs, in names and keys too:
// so what the handler makes of a replaced value is, on replay, what was recorded. Numbers are
// replaced where they stand alone. True, false and null are left, because handlers branch on
// them. Of a value that is neither JSON nor text only zeros are left.
func (j *Journal) Redact(names ...string) {
	r := redactor{names: map[string]bool{}, texts: map[string]string{}, labels: labels(j.Entries)}
	for _, name := range names {
		r.names[strings.ToLower(name)] = true
	}
	for i, e := range j.Entries {
		r.collect(e, r.named(r.labels[i]))
	}
	// Longer ones first: one may be a part of another.
	for secret := range r.texts {
		if len(secret) >= shortest {
			r.order = append(r.order, secret)
		}
	}
	sort.Slice(r.order, func(a, b int) bool {
		if len(r.order[a]) != len(r.order[b]) {
			return len(r.order[a]) > len(r.order[b])
		}
		return r.order[a] < r.order[b]
	})
	for i := range j.Entries {
		r.entry(&j.Entries[i], r.named(r.labels[i]))
	}
	j.Key = r.text(j.Key)
}

// redactor redacts one journal.
type redactor struct {
	names  map[string]bool
	texts  map[string]string // replacements
	order  []string
	labels []string // by which the whole value of an entry can be named
}

// labels returns what each entry is about: the name of a step, the key of a state, the name of
// a promise or a signal, or the handler that is called, as "service/handler". A result is
// about the same as its command.
func labels(entries []Entry) []string {
	all := make([]string, len(entries))
	of := map[uint32]string{}
	for i, e := range entries {
		label := cmp.Or(e.Name, e.Signal, e.Key)
		if e.Service != "" {
			label = e.Service + "/" + e.Handler
		}
		switch {
		case label != "" && e.Completion != 0:
			of[e.Completion] = label
		case label == "":
			label = of[e.Completion]
		}
		all[i] = label
	}
	return all
}

func (r *redactor) named(name string) bool { return name != "" && r.names[strings.ToLower(name)] }

func (r *redactor) header(name string) bool {
	return r.named(name) || slices.Contains(secretHeaders, strings.ToLower(name))
}

// collect finds the secrets of an entry.
func (r *redactor) collect(e Entry, secret bool) {
	for _, h := range e.Headers {
		if r.header(h.Name) {
			r.secret(h.Value)
		}
	}
	content, ok := e.asJSON()
	var value any
	switch {
	case ok && json.Unmarshal(content, &value) == nil:
		r.walk(value, secret)
	case secret && utf8.Valid(e.Base64):
		r.secret(string(e.Base64))
	}
}

// walk collects the texts below named fields. It goes by the order of names, so that
// replacements do not depend on chance.
func (r *redactor) walk(value any, secret bool) {
	switch v := value.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			r.walk(v[name], secret || r.named(name))
		}
	case []any:
		for _, each := range v {
			r.walk(each, secret)
		}
	case string:
		if secret {
			r.secret(v)
		}
	}
}

// secret chooses the replacement of a text. It depends on how many there were before, and
// not on the text.
func (r *redactor) secret(text string) {
	if _, known := r.texts[text]; known || text == "" {
		return
	}
	n := uint64(len(r.texts)) + 1
	if _, err := time.Parse(time.RFC3339, text); err == nil {
		if at := time.Date(2000, 1, 1, int(n), 0, 0, 0, time.UTC).Format("2006-01-02T15:04:05Z"); len(at) == len(text) {
			r.texts[text] = at
			return
		}
	}
	random := rand.New(rand.NewPCG(n, uint64(len(text))))
	r.texts[text] = strings.Map(func(c rune) rune {
		pick := func(from string) rune {
			of := []rune(from)
			return of[random.IntN(len(of))]
		}
		switch {
		case c >= '0' && c <= '9':
			return pick("123456789")
		case c >= 'a' && c <= 'f':
			return pick("abcdef")
		case c >= 'g' && c <= 'z':
			return pick("ghijklmnopqrstuvwxyz")
		case c >= 'A' && c <= 'F':
			return pick("ABCDEF")
		case c >= 'G' && c <= 'Z':
			return pick("GHIJKLMNOPQRSTUVWXYZ")
		case c < utf8.RuneSelf || !unicode.IsLetter(c) && !unicode.IsNumber(c):
			return c
		case utf8.RuneLen(c) == 2:
			return pick("äëïöüñçéàô")
		case utf8.RuneLen(c) == 3:
			return pick("一二三四五六七八九十")
		default:
			return pick("𠀀𠀁𠀂𠀃𠀄𠀅")
		}
	}, text)
}

// entry redacts an entry.
func (r *redactor) entry(e *Entry, secret bool) {
	for i, h := range e.Headers {
		if replaced, ok := r.texts[h.Value]; ok && r.header(h.Name) {
			e.Headers[i].Value = replaced
		} else {
			e.Headers[i].Value = r.text(h.Value)
		}
	}
	e.Name, e.Signal = r.text(e.Name), r.text(e.Signal)
	e.Key, e.IdempotencyKey = r.text(e.Key), r.text(e.IdempotencyKey)
	for i, key := range e.Keys {
		e.Keys[i] = r.text(key)
	}
	if e.Failure != nil {
		e.Failure.Message = r.text(e.Failure.Message)
	}
	e.Raw = r.bytes(e.Raw)
	if content, ok := e.asJSON(); ok {
		var paths []string
		value, err := r.json(content, "", secret, &paths)
		if err == nil && len(paths) > 0 {
			e.Payload, e.Redacted = Payload{Value: value}, paths
		}
		return
	}
	if replaced := r.opaque(e.Base64, secret); !bytes.Equal(replaced, e.Base64) {
		e.Base64, e.Redacted = replaced, []string{""}
	}
}

// opaque redacts a value that is not JSON.
func (r *redactor) opaque(value []byte, secret bool) []byte {
	switch replaced, known := r.texts[string(value)]; {
	case secret && known:
		return []byte(replaced)
	case secret:
		return make([]byte, len(value))
	default:
		return r.bytes(value)
	}
}

// json redacts a value and adds the paths of what it replaced. It keeps the order of fields.
func (r *redactor) json(value json.RawMessage, path string, secret bool, paths *[]string) (json.RawMessage, error) {
	switch value[0] {
	case '{':
		return r.object(value, path, secret, paths)
	case '[':
		var items []json.RawMessage
		if err := json.Unmarshal(value, &items); err != nil {
			return nil, err
		}
		out := []byte{'['}
		for i, item := range items {
			if i > 0 {
				out = append(out, ',')
			}
			item, err := r.json(item, fmt.Sprintf("%s/%d", path, i), secret, paths)
			if err != nil {
				return nil, err
			}
			out = append(out, item...)
		}
		return append(out, ']'), nil
	case '"':
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return nil, err
		}
		replaced, whole := r.texts[text]
		if !whole || !secret && len(text) < shortest {
			replaced = r.text(text)
		}
		if replaced == text {
			return value, nil
		}
		*paths = append(*paths, path)
		return encodeText(replaced)
	case 't', 'f', 'n':
		return value, nil
	default:
		if !secret {
			return value, nil
		}
		*paths = append(*paths, path)
		return json.RawMessage(strings.Map(func(c rune) rune {
			if c >= '1' && c <= '9' {
				return '1'
			}
			return c
		}, string(value))), nil
	}
}

func (r *redactor) object(value json.RawMessage, path string, secret bool, paths *[]string) (json.RawMessage, error) {
	decode := json.NewDecoder(bytes.NewReader(value))
	if _, err := decode.Token(); err != nil {
		return nil, err
	}
	out := []byte{'{'}
	for decode.More() {
		name, err := decode.Token()
		if err != nil {
			return nil, err
		}
		var field json.RawMessage
		if err := decode.Decode(&field); err != nil {
			return nil, err
		}
		key := name.(string)
		named := secret || r.named(key)
		if replaced := r.text(key); replaced != key {
			key = replaced
			*paths = append(*paths, path+"/"+escape(key))
		}
		field, err = r.json(field, path+"/"+escape(key), named, paths)
		if err != nil {
			return nil, err
		}
		quoted, err := encodeText(key)
		if err != nil {
			return nil, err
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, quoted...), ':'), field...)
	}
	return append(out, '}'), nil
}

// text replaces the secrets in a text.
func (r *redactor) text(in string) string {
	for _, secret := range r.order {
		in = strings.ReplaceAll(in, secret, r.texts[secret])
	}
	return in
}

func (r *redactor) bytes(in []byte) []byte {
	for _, secret := range r.order {
		in = bytes.ReplaceAll(in, []byte(secret), []byte(r.texts[secret]))
	}
	return in
}

func encodeText(text string) (json.RawMessage, error) {
	var b bytes.Buffer
	encode := json.NewEncoder(&b)
	encode.SetEscapeHTML(true) // as encoding/json does by default
	if err := encode.Encode(text); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Names in paths are written as in a JSON pointer (RFC 6901).
var (
	escaper   = strings.NewReplacer("~", "~0", "/", "~1")
	unescaper = strings.NewReplacer("~1", "/", "~0", "~")
)

func escape(name string) string   { return escaper.Replace(name) }
func unescape(name string) string { return unescaper.Replace(name) }
