package deployment

import (
	"encoding/json"
	"fmt"
	"maps"

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
	// ServiceMetadataKey has the metadata of the services that have any, as a JSON
	// object by name.
	ServiceMetadataKey = reservedPrefix + "service-metadata"
)

// metadata returns what is kept with the deployment: that of the user and the framework's
// own.
func (r *Registrar) metadata(m *manifest.Manifest) (map[string]string, error) {
	out := map[string]string{}
	maps.Copy(out, r.config.Metadata)
	out[InterfaceHashKey] = m.InterfaceHash()
	out[ManifestHashKey] = m.Hash()
	out[ApplicationKey] = r.config.Application
	if tagged := serviceMetadata(m); len(tagged) > 0 {
		encoded, err := json.Marshal(tagged)
		if err != nil {
			return nil, fmt.Errorf("deployment: metadata of services: %w", err)
		}
		out[ServiceMetadataKey] = string(encoded)
	}
	return out, nil
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
