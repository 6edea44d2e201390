package devserver

import "context"

// Find returns the server that Start would run: the path of a binary, or an image.
func Find(ctx context.Context, cfg Config) (string, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return "", err
	}
	r, err := find(ctx, cfg)
	if err != nil {
		return "", err
	}
	if b, ok := r.(*binary); ok {
		return b.path, nil
	}
	return dockerImage + r.version(), nil
}

// PlatformPackage is the npm package for this machine.
func PlatformPackage() string { return platformPackage() }
