package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// push writes an image as crane, cosign and Flux do (each blob with POST, PATCH and PUT), and reads it back.
func push(ctx context.Context, o options) (*result, error) {
	repository, err := name.NewRepository(o.url, name.Insecure)
	if err != nil {
		return nil, err
	}
	const layerSize = 1 << 20
	image, err := random.Image(layerSize, int64(o.layers))
	if err != nil {
		return nil, err
	}
	digest, err := image.Digest()
	if err != nil {
		return nil, err
	}
	tag := repository.Tag(o.tag)
	opts := []remote.Option{remote.WithContext(ctx)}
	if err := remote.Write(tag, image, opts...); err != nil {
		return nil, fmt.Errorf("failed to push: %w", err)
	}

	pulled, err := remote.Image(tag, opts...)
	if err != nil {
		return nil, fmt.Errorf("failed to pull: %w", err)
	}
	if got, err := pulled.Digest(); err != nil || got != digest {
		return nil, fmt.Errorf("pushed %s but pulled %s (%w)", digest, got, err)
	}
	// Reads every blob and compares it with its digest, and the layers with the config.
	if err := validate.Image(pulled); err != nil {
		return nil, err
	}
	tags, err := remote.List(repository, opts...)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(tags, o.tag) {
		return nil, fmt.Errorf("the tag %s is not among the repository's: %v", o.tag, tags)
	}
	types, err := layerTypes(pulled)
	if err != nil {
		return nil, err
	}
	return &result{Tag: o.tag, Digest: digest.String(), Revision: digest.String(), Layers: types}, nil
}
