package description

import (
	"encoding/json"
	"slices"
	"strings"
)

// Format is the version of the document. It grows when a reader of the version before would
// take something for what it is not. New fields alone do not change it.
const Format = 1

// Variable names the file that an application writes its description to, in place of a
// start. It is a variable of the environment, since a flag would be refused by the flags of
// the program before it makes its application.
const Variable = "FXRESTATE_DESCRIBE"

// Document describes an application.
type Document struct {
	Format int   `json:"format"`
	Build  Build `json:"build"`
	// InterfaceHash is that of Manifest, as a registration keeps it.
	InterfaceHash string `json:"interface_hash"`
	// Manifest is what the endpoint answers to discovery.
	Manifest     json.RawMessage `json:"manifest"`
	Endpoint     Endpoint        `json:"endpoint"`
	Registration *Registration   `json:"registration,omitempty"` // nil: not registered
	// AdminURL and IngressURL are without passwords.
	AdminURL   string    `json:"admin_url"`
	IngressURL string    `json:"ingress_url"`
	Services   []Service `json:"services"`
	// Remote are services of other applications that this one declares.
	Remote []Remote `json:"remote,omitempty"`
	// Outside are the constructors that take a client for code outside handlers.
	Outside []Outside `json:"outside,omitempty"`
}

// Build is what the program was built from.
type Build struct {
	// Fxrestate is the version of this module, "(devel)" if it is the program's own.
	Fxrestate string `json:"fxrestate"`
	Go        string `json:"go"`
	// Package is the path of the main package, and Module that of its module.
	Package  string `json:"package,omitempty"`
	Module   string `json:"module,omitempty"`
	Version  string `json:"version,omitempty"`
	Revision string `json:"revision,omitempty"`
	// Time is that of the commit, as RFC 3339.
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified,omitempty"`
}

// Endpoint is how the handlers are served.
type Endpoint struct {
	Mode string `json:"mode"`
	// Port is the one that is configured, or 0.
	Port int `json:"port,omitempty"`
	// Path is below the URL: that of the version, such as "/v/2.1.0".
	Path string `json:"path,omitempty"`
	// Signed is true if only requests that a server has signed are answered.
	Signed bool `json:"signed,omitempty"`
}

// Registration is the configuration of the registration, defaults filled in, without the
// values of headers.
type Registration struct {
	URL           string            `json:"url"`
	Mode          string            `json:"mode"`
	InPlace       string            `json:"in_place"`
	DrainLimit    string            `json:"drain_limit"`
	Superseded    string            `json:"superseded"`
	MoveStranded  bool              `json:"move_stranded"`
	DeleteDrained bool              `json:"delete_drained"`
	Application   string            `json:"application"`
	ReplaceOther  bool              `json:"replace_other"`
	Breaking      bool              `json:"breaking"`
	Required      bool              `json:"required"`
	UseHTTP11     bool              `json:"use_http_11"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	HeaderNames   []string          `json:"header_names,omitempty"`

	WithoutSubscriptions bool `json:"without_subscriptions"`
}

// Service is a service that the application serves.
type Service struct {
	Name string `json:"name"`
	// Kind is "service", "virtual object" or "workflow".
	Kind string `json:"kind"`
	// Type is the Go type, such as "*main.Orders". A definition of the SDK has none.
	Type string `json:"type,omitempty"`
	// Position is where it was registered, such as "main.go:12".
	Position string            `json:"position,omitempty"`
	Options  map[string]string `json:"options,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Handlers []Handler         `json:"handlers"`
	// Calls are the services that it may call: it has a client of each, or letters go
	// there.
	Calls []Call `json:"calls,omitempty"`
}

// Handler is a handler of a service.
type Handler struct {
	Name string `json:"name"`
	// Mode is "concurrent", "exclusive", "shared" or "workflow run".
	Mode string `json:"mode"`
	// Method is the Go method, such as "(*main.Orders).Run". A handler of a definition has
	// none.
	Method string `json:"method,omitempty"`
	// Position is where the method is written, relative to its module, such as
	// "shop/orders.go:41".
	Position string            `json:"position,omitempty"`
	Input    Payload           `json:"input"`
	Output   Payload           `json:"output"`
	Options  map[string]string `json:"options,omitempty"`
	// Pipeline has the members that run around the handler, stage by stage, each stage in
	// the order in which it runs.
	Pipeline []Member `json:"pipeline"`
	// Subscriptions are those to topics of Kafka that the program declares.
	Subscriptions []Subscription `json:"subscriptions,omitempty"`
}

// Payload is an input or an output.
type Payload struct {
	// Type is the Go type, or empty if it is not known or there is none.
	Type string `json:"type,omitempty"`
	// Schema is the title of the JSON schema.
	Schema string `json:"schema,omitempty"`
	// ContentType is empty if there is no payload.
	ContentType string `json:"content_type,omitempty"`
}

// Member is a member of a pipeline.
type Member struct {
	Stage string `json:"stage"`
	// Level is "global", "group", "service" or "handler".
	Level string `json:"level"`
	Name  string `json:"name"`
}

// Subscription is a topic whose records a handler gets.
type Subscription struct {
	// Source is kafka://CLUSTER/TOPIC.
	Source  string            `json:"source"`
	Options map[string]string `json:"options,omitempty"`
}

// The values of [Call].By.
const (
	ByClient     = "client"
	ByDeadLetter = "dead letter"
)

// Call says that a service may call another.
type Call struct {
	Service string `json:"service"`
	// By says how: a client that it takes, or as dead letters.
	By string `json:"by"`
	// Client is the type of the client.
	Client string `json:"client,omitempty"`
	// Through are the types on the way from the service to the client, which take it or
	// one another: empty if the service takes it.
	Through []string `json:"through,omitempty"`
	// Remote is true if another application serves it.
	Remote bool `json:"remote,omitempty"`
}

// AddLetters says that dead letters go to a handler, named as service/handler.
func (s *Service) AddLetters(target string) {
	service, _, _ := strings.Cut(target, "/")
	call := Call{Service: service, By: ByDeadLetter}
	if !slices.ContainsFunc(s.Calls, func(c Call) bool { return c.Service == call.Service && c.By == call.By }) {
		s.Calls = append(s.Calls, call)
	}
}

// Remote is a service that another application serves.
type Remote struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Type     string `json:"type"`
	Position string `json:"position,omitempty"`
}

// Outside is a constructor that takes a client for code outside handlers.
type Outside struct {
	// Constructor is the function, such as "main.NewAPI".
	Constructor string `json:"constructor"`
	// Client is the type that it takes.
	Client string `json:"client"`
	// Service is the one that the client is for, or empty if it is for all.
	Service string `json:"service,omitempty"`
}
