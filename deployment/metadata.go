package deployment

import (
	"encoding/json"
	"fmt"
	"maps"
	"runtime/debug"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/manifest"
)

const reservedPrefix = "fxrestate."

// The keys that a registration adds to the metadata of a deployment. GET /deployments
// shows them.
const (
	// InterfaceHashKey has "sha256:" and the hash, in hex, of the services and handlers:
	// their names, kinds, schemas and options, and the protocol of the endpoint. Order,
	// metadata and documentation do not count.
	InterfaceHashKey = reservedPrefix + "interface-hash"
	// ManifestHashKey has the hash of all that the endpoint tells the server, metadata
	// and documentation included.
	ManifestHashKey = reservedPrefix + "manifest-hash"
	// ApplicationKey has the name of the application.
	ApplicationKey = reservedPrefix + "application"
	// BuiltKey has the time of the commit that the program was built from, if the build
	// knows it. It tells an older build from a newer one, and is no reason to register.
	BuiltKey = reservedPrefix + "built"
	// ServiceMetadataKey has the metadata of the services that have any, as a JSON
	// object by name.
	ServiceMetadataKey = reservedPrefix + "service-metadata"
	// SubscriptionsKey has a hash of the subscriptions to Kafka, if the application has
	// any or had some before.
	SubscriptionsKey = reservedPrefix + "subscriptions"
)

// metadata returns what is kept with the deployment: that of the user and the framework's
// own.
func (r *run) keep(m *manifest.Manifest) (map[string]string, error) {
	out := map[string]string{}
	maps.Copy(out, r.config.Metadata)
	out[InterfaceHashKey] = m.InterfaceHash()
	out[ManifestHashKey] = m.Hash(out[InterfaceHashKey])
	if r.program.Application != "" {
		out[ApplicationKey] = r.program.Application
	}
	if !r.program.Built.IsZero() {
		out[BuiltKey] = r.program.Built.Format(time.RFC3339)
	}
	if tagged := serviceMetadata(m); len(tagged) > 0 {
		encoded, err := json.Marshal(tagged)
		if err != nil {
			return nil, fmt.Errorf("deployment: metadata of services: %w", err)
		}
		out[ServiceMetadataKey] = string(encoded)
	}
	return out, nil
}

// sameMetadata compares what is a reason to register.
func sameMetadata(a, b map[string]string) bool {
	without := func(m map[string]string) map[string]string {
		m = maps.Clone(m)
		delete(m, BuiltKey)
		return m
	}
	return maps.Equal(without(a), without(b))
}

// built returns the time of the commit that the program was built from, or zero.
func built() time.Time {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return time.Time{}
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.time" {
			return parsed(setting.Value)
		}
	}
	return time.Time{}
}

// parsed returns a time, or zero.
func parsed(text string) time.Time {
	t, _ := time.Parse(time.RFC3339, text)
	return t
}

// newer reports whether a deployment is known to be of a newer build of this application.
func (r *run) newer(d admin.DeploymentSummary) bool {
	theirs := parsed(d.Metadata[BuiltKey])
	return r.sameApplication(d) && !r.program.Built.IsZero() && theirs.After(r.program.Built)
}

// sameApplication reports whether a deployment is known to be one of this application.
func (r *run) sameApplication(d admin.DeploymentSummary) bool {
	return r.program.Application != "" && d.Metadata[ApplicationKey] == r.program.Application
}

// serviceMetadata returns the metadata of the services that have any.
func serviceMetadata(m *manifest.Manifest) map[string]map[string]string {
	tagged := map[string]map[string]string{}
	for _, s := range m.Services {
		if len(s.Metadata) > 0 {
			tagged[s.Name] = s.Metadata
		}
	}
	return tagged
}

// serviceMetadataOf returns what was kept with a deployment.
func serviceMetadataOf(d admin.DeploymentInfo) (map[string]map[string]string, error) {
	encoded, ok := d.Metadata[ServiceMetadataKey]
	if !ok {
		return nil, nil
	}
	var tagged map[string]map[string]string
	if err := json.Unmarshal([]byte(encoded), &tagged); err != nil {
		return nil, fmt.Errorf("deployment: the metadata %q of deployment %s: %w", ServiceMetadataKey, d.ID, err)
	}
	return tagged, nil
}
