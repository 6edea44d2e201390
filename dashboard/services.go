package dashboard

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/manifest"
)

const (
	// shownServices and shownHandlers of each bound what is shown at a time.
	shownServices, shownHandlers = 100, 100
	// schemaBytes bounds all schemas of a page.
	schemaBytes = 1 << 20
)

// ownServices are those of the process. They stay as they are, so they are read once.
type ownServices struct {
	endpoint *endpoint.Endpoint

	mu       sync.Mutex
	list     []service
	manifest []byte
}

// get returns the services and what the endpoint answers to discovery. Where it does not,
// in mode Lambda for instance, handlers have names and pipelines.
func (o *ownServices) get(ctx context.Context) ([]service, []byte, error) {
	if o.endpoint == nil {
		return nil, nil, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.list != nil {
		return o.list, o.manifest, nil
	}
	raw, err := o.endpoint.Manifest(ctx)
	if err != nil {
		return o.named(), nil, err
	}
	m, err := manifest.Parse(raw)
	if err != nil {
		return o.named(), nil, err
	}
	described, err := m.Details()
	if err != nil {
		return o.named(), nil, err
	}
	o.list, o.manifest = o.described(described), raw
	return o.list, o.manifest, nil
}

// pipelines returns what runs around each handler, and what the handler is.
func (o *ownServices) pipelines() (members map[string][]member, roles map[string]string) {
	members, roles = map[string][]member{}, map[string]string{}
	for _, chain := range o.endpoint.Chains() {
		target := chain.Target().String()
		roles[target] = chain.Target().Role()
		for _, m := range chain.Members() {
			members[target] = append(members[target], member{m.Stage, m.Level, text(m.Name)})
		}
	}
	return members, roles
}

// named returns the services without what only discovery tells.
func (o *ownServices) named() []service {
	members, roles := o.pipelines()
	var all []service
	for _, target := range o.endpoint.Handlers() { // sorted
		name, method, _ := strings.Cut(target, "/")
		if len(all) == 0 || all[len(all)-1].Name != text(name) {
			all = append(all, service{Name: text(name)})
		}
		last := &all[len(all)-1]
		_, known := roles[target]
		last.Handlers.Items = append(last.Handlers.Items, handler{
			Name: text(method), Kind: roles[target], Pipeline: members[target], Known: known,
		})
	}
	return all
}

func (o *ownServices) described(all []manifest.Service) []service {
	members, roles := o.pipelines()
	out := make([]service, len(all))
	for i, s := range all {
		out[i] = service{Name: text(s.Name), Kind: plainKind(s.Type), Options: optionsOf(s.Options)}
		for _, h := range s.Handlers {
			target := s.Name + "/" + h.Name
			_, known := roles[target]
			out[i].Handlers.Items = append(out[i].Handlers.Items, handler{
				Name: text(h.Name), Kind: plainKind(h.Type), Options: optionsOf(h.Options),
				Pipeline: members[target], Known: known, Input: payloadOf(h.Input), Output: payloadOf(h.Output),
			})
		}
	}
	return out
}

func payloadOf(p manifest.Payload) payload {
	out := payload{Required: p.Required, Schema: p.Schema}
	if p.ContentType != nil {
		out.ContentType = text(*p.ContentType)
	}
	return out
}

// plainKind writes VIRTUAL_OBJECT and VirtualObject as "virtual object".
func plainKind(kind string) string {
	var out strings.Builder
	for i, r := range kind {
		if i > 0 && 'A' <= r && r <= 'Z' && 'a' <= kind[i-1] && kind[i-1] <= 'z' {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	return text(strings.ToLower(strings.ReplaceAll(out.String(), "_", " ")))
}

// services are those that the server knows.
func (s *seen) services() []service {
	out := make([]service, len(s.served))
	for i, known := range s.served {
		out[i] = service{
			Name: text(known.Name), Kind: plainKind(string(known.Type)), Revision: known.Revision,
			DeploymentID: text(known.DeploymentID), Options: optionsAt(known.Options, known.Public),
		}
		for _, h := range known.Handlers {
			out[i].Handlers.Items = append(out[i].Handlers.Items, handler{
				Name: text(h.Name), Kind: plainKind(string(h.Type)), Options: optionsAt(h.Options, h.Public || !known.Public),
				Input:  payload{ContentType: text(h.InputDescription), Schema: h.InputSchema},
				Output: payload{ContentType: text(h.OutputDescription), Schema: h.OutputSchema},
			})
		}
		slices.SortFunc(out[i].Handlers.Items, func(a, b handler) int { return cmp.Compare(a.Name, b.Name) })
	}
	slices.SortFunc(out, func(a, b service) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// short writes a time without its zeros: 1h30m and not 1h30m0s.
func short(d time.Duration) string {
	out := d.String()
	if d >= time.Minute {
		out = strings.TrimSuffix(out, "0s")
	}
	if d >= time.Hour {
		out = strings.TrimSuffix(out, "h0m") + map[bool]string{true: "h"}[strings.HasSuffix(out, "h0m")]
	}
	return out
}

// add adds an option that is set.
func add(to *[]option, name, value string) {
	if value != "" {
		*to = append(*to, option{name, text(value)})
	}
}

func optionsOf(o manifest.Options) (out []option) {
	period := func(name string, ms *int64) {
		if ms != nil {
			add(&out, name, short(time.Duration(*ms)*time.Millisecond))
		}
	}
	if o.IngressPrivate != nil && *o.IngressPrivate {
		add(&out, "visibility", "private")
	}
	period("inactivity timeout", o.InactivityTimeout)
	period("abort timeout", o.AbortTimeout)
	period("idempotency retention", o.IdempotencyRetention)
	period("journal retention", o.JournalRetention)
	period("workflow retention", o.WorkflowRetention)
	if o.EnableLazyState != nil {
		add(&out, "lazy state", strconv.FormatBool(*o.EnableLazyState))
	}
	period("first retry after", o.RetryInitialInterval)
	period("longest retry interval", o.RetryMaxInterval)
	if o.RetryFactor != nil {
		add(&out, "retry factor", fmt.Sprint(*o.RetryFactor))
	}
	if o.RetryMaxAttempts != nil {
		add(&out, "most attempts", strconv.FormatInt(*o.RetryMaxAttempts, 10))
	}
	if o.RetryOnMaxAttempts != nil {
		add(&out, "then", strings.ToLower(*o.RetryOnMaxAttempts))
	}
	return out
}

func optionsAt(o admin.Options, public bool) (out []option) {
	if !public {
		add(&out, "visibility", "private")
	}
	add(&out, "inactivity timeout", o.InactivityTimeout)
	add(&out, "abort timeout", o.AbortTimeout)
	add(&out, "idempotency retention", o.IdempotencyRetention)
	add(&out, "journal retention", o.JournalRetention)
	if o.EnableLazyState != nil {
		add(&out, "lazy state", strconv.FormatBool(*o.EnableLazyState))
	}
	if r := o.RetryPolicy; r != nil {
		add(&out, "first retry after", r.InitialInterval)
		add(&out, "longest retry interval", r.MaxInterval)
		if r.MaxAttempts != nil {
			add(&out, "most attempts", strconv.Itoa(*r.MaxAttempts))
		}
		add(&out, "then", strings.ToLower(r.OnMaxAttempts))
	}
	return out
}

// bounded returns the services and handlers that have a text in their names, as many as
// are shown. It changes none of them.
func bounded(all []service, find string) services {
	out, found, room := services{Total: len(all)}, []service{}, schemaBytes
	find = strings.ToLower(strings.TrimSpace(find))
	for _, s := range all {
		out.Handlers += len(s.Handlers.Items)
		handlers := s.Handlers.Items
		if find != "" {
			handlers = slices.DeleteFunc(slices.Clone(handlers), func(h handler) bool {
				return !strings.Contains(strings.ToLower(s.Name+"/"+h.Name), find)
			})
			if len(handlers) == 0 && !strings.Contains(strings.ToLower(s.Name), find) {
				continue
			}
		}
		s.Handlers = listOf(slices.Clone(handlers[:min(len(handlers), shownHandlers)]), shownHandlers)
		s.Handlers.More = max(len(handlers)-shownHandlers, 0)
		if len(found) < shownServices {
			for i := range s.Handlers.Items {
				h := &s.Handlers.Items[i]
				h.Input.fit(&room)
				h.Output.fit(&room)
			}
		}
		found = append(found, s)
	}
	out.list = listOf(found, shownServices)
	return out
}

// fit leaves a schema out for which there is no room.
func (p *payload) fit(room *int) {
	if *room -= len(p.Schema); *room < 0 {
		p.LeftOut = len(p.Schema) > 0
		p.Schema = nil
	}
}
