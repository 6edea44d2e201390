package dashboard

import (
	"encoding/json"
	"time"

	"github.com/fxrestate/go/internal/httpclient"
)

const (
	// shown bounds the lists of attempts and of drift, and shownStuck those of stuck
	// invocations.
	shown, shownStuck = 50, 20
	// maxText bounds texts of others, in runes.
	maxText = 1000
)

// view is what the page shows, and what it is as JSON. All texts of others in it are on one
// line and printable.
type view struct {
	Title   string    `json:"title"`
	At      time.Time `json:"at"`
	Refresh int       `json:"-"`
	Find    string    `json:"find,omitempty"`

	Process  *process       `json:"process,omitempty"`
	Server   *server        `json:"server,omitempty"`
	Stuck    *stuck         `json:"stuck,omitempty"`
	Drift    *drift         `json:"drift,omitempty"`
	Failures *list[failure] `json:"failures,omitempty"`
	Services services       `json:"services"`
	// ServicesUnknown is why the services, or what is said of them, are not known.
	ServicesUnknown string `json:"services_unknown,omitempty"`
}

// list is a list that is shown in part.
type list[T any] struct {
	Items []T `json:"items"`
	More  int `json:"more,omitempty"`
}

func listOf[T any](all []T, limit int) list[T] {
	if all == nil {
		all = []T{}
	}
	return list[T]{all[:min(len(all), limit)], max(len(all)-limit, 0)}
}

// process is what the process knows of itself.
type process struct {
	// Addr is where the endpoint listens, or empty.
	Addr string `json:"addr,omitempty"`
	// NotReady and NotLive are why, or empty.
	NotReady     string        `json:"not_ready,omitempty"`
	NotLive      string        `json:"not_live,omitempty"`
	DeploymentID string        `json:"deployment_id,omitempty"`
	InFlight     int           `json:"in_flight"`
	MaxInFlight  int           `json:"max_in_flight"`
	Attempts     list[attempt] `json:"attempts"`
}

type attempt struct {
	Handler    string    `json:"handler"`
	ID         string    `json:"id,omitempty"`
	Since      time.Time `json:"since"`
	Number     int       `json:"number"`
	Suspending bool      `json:"suspending,omitempty"`
}

type failure struct {
	At      time.Time `json:"at"`
	Handler string    `json:"handler"`
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Text    string    `json:"text"`
}

// server is what the admin API says.
type server struct {
	AdminURL string `json:"admin_url"`
	Version  string `json:"version,omitempty"`
	// Errors are those of what was asked, each once.
	Errors []string `json:"errors,omitempty"`
	// Invocations counts those that have not completed, of the services shown, by status.
	Invocations        []count `json:"invocations"`
	InvocationsUnknown bool    `json:"invocations_unknown,omitempty"`
}

type count struct {
	Status string `json:"status"`
	Count  int    `json:"count"`
}

// stuck are the invocations that are paused or back off.
type stuck struct {
	list[stuckInvocation]

	Unknown bool `json:"unknown,omitempty"`
}

// stuckInvocation is without its key, which may be personal data.
type stuckInvocation struct {
	ID           string     `json:"id"`
	Handler      string     `json:"handler"`
	Status       string     `json:"status"`
	Since        time.Time  `json:"since"`
	Created      time.Time  `json:"created"`
	Attempts     int        `json:"attempts,omitempty"`
	NextAttempt  *time.Time `json:"next_attempt,omitempty"`
	DeploymentID string     `json:"deployment_id,omitempty"`
	Failure      string     `json:"last_failure,omitempty"`
	FailureCode  string     `json:"last_failure_code,omitempty"`
	WayOut       string     `json:"way_out"`
}

// drift is how what the server routes to differs from what the process serves.
type drift struct {
	list[string]

	Unknown string `json:"unknown,omitempty"`
}

// services are those that are shown, and how many there are.
type services struct {
	list[service]

	Total    int `json:"total"`
	Handlers int `json:"handlers"`
}

type service struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	// Revision and DeploymentID are the server's, without a process.
	Revision     int           `json:"revision,omitempty"`
	DeploymentID string        `json:"deployment_id,omitempty"`
	Options      []option      `json:"options,omitempty"`
	Handlers     list[handler] `json:"handlers"`
}

type handler struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind,omitempty"`
	Options []option `json:"options,omitempty"`
	// Pipeline has what runs around the handler, in its order. It is nil where it is not
	// known.
	Pipeline []member `json:"pipeline,omitempty"`
	Known    bool     `json:"-"` // the pipeline is
	Input    payload  `json:"input"`
	Output   payload  `json:"output"`
}

type payload struct {
	ContentType string          `json:"content_type,omitempty"`
	Required    bool            `json:"required,omitempty"`
	Schema      json.RawMessage `json:"schema,omitempty"`
	// LeftOut tells of a schema that is too large to be shown.
	LeftOut bool `json:"left_out,omitempty"`
}

// Some tells whether there is anything.
func (p payload) Some() bool { return p.ContentType != "" || len(p.Schema) > 0 || p.LeftOut }

type option struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type member struct {
	Stage string `json:"stage"`
	Level string `json:"level"`
	Name  string `json:"name"`
}

// text makes a text of others fit to be shown.
func text(s string) string { return httpclient.OneLine(s, maxText) }
