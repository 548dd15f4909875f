package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"

	"github.com/Masterminds/semver/v3"
	"github.com/fluxcd/pkg/tar"
	"github.com/fluxcd/pkg/version"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/authn/kubernetes"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// flux does what source-controller does for an OCIRepository with `insecure: true` and no layerSelector:
// https://github.com/fluxcd/source-controller/blob/main/internal/controller/ocirepository_controller.go
func flux(ctx context.Context, o options) (*result, error) {
	repository, err := name.NewRepository(o.url, name.Insecure)
	if err != nil {
		return nil, err
	}
	transport := remote.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	opts := []remote.Option{
		remote.WithContext(ctx),
		remote.WithUserAgent("flux/v2"),
		remote.WithTransport(transport),
	}
	if o.secret != "" {
		keychain, err := keychainOf(o.secret)
		if err != nil {
			return nil, err
		}
		opts = append(opts, remote.WithAuthFromKeychain(keychain))
	}

	reference, err := fluxReference(repository, o, opts)
	if err != nil {
		return nil, fmt.Errorf("failed to determine the artifact tag: %w", err)
	}
	res := &result{}
	pinned, ok := reference.(name.Digest)
	if ok {
		res.Revision = pinned.DigestStr()
	} else {
		digest, err := fluxDigest(reference, opts)
		if err != nil {
			return nil, fmt.Errorf("failed to determine artifact digest: %w", err)
		}
		res.Tag = reference.Identifier()
		res.Revision = res.Tag + "@" + digest.String()
		pinned = repository.Digest(digest.String())
	}
	res.Digest = pinned.DigestStr()

	image, err := remote.Image(pinned, opts...)
	if err != nil {
		return nil, fmt.Errorf("failed to pull artifact: %w", err)
	}
	if res.Layers, err = layerTypes(image); err != nil {
		return nil, err
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	if len(layers) == 0 {
		return nil, errors.New("no layers found in artifact")
	}
	blob, err := layers[0].Compressed()
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	if err := tar.Untar(blob, o.out, tar.WithMaxUntarSize(-1), tar.WithSkipSymlinks()); err != nil {
		return nil, fmt.Errorf("failed to extract layer contents from artifact: %w", err)
	}
	return res, nil
}

// keychainOf reads the credentials of a Secret, given as a file, that an OCIRepository names in its secretRef.
func keychainOf(file string) (authn.Keychain, error) {
	manifest, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var secret corev1.Secret
	if err := yaml.UnmarshalStrict(manifest, &secret); err != nil {
		return nil, err
	}
	return kubernetes.NewFromPullSecrets(context.Background(), []corev1.Secret{secret})
}

// fluxReference gives the digest precedence over the range, and that over the tag.
func fluxReference(repository name.Repository, o options, opts []remote.Option) (name.Reference, error) {
	switch {
	case o.digest != "":
		return repository.Digest(o.digest), nil
	case o.semver != "":
		return fluxNewest(repository, o.semver, opts)
	case o.tag != "":
		return repository.Tag(o.tag), nil
	}
	return repository.Tag(name.DefaultTag), nil
}

// fluxNewest skips every tag that is no version to Flux: `v3` is none, as it takes two dots to be one.
func fluxNewest(repository name.Repository, wanted string, opts []remote.Option) (name.Reference, error) {
	constraint, err := semver.NewConstraint(wanted)
	if err != nil {
		return nil, err
	}
	tags, err := remote.List(repository, opts...)
	if err != nil {
		return nil, err
	}
	var found semver.Collection
	for _, tag := range tags {
		if v, err := version.ParseVersion(tag); err == nil && constraint.Check(v) {
			found = append(found, v)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no match found for semver: %s", wanted)
	}
	newest := slices.MaxFunc(found, (*semver.Version).Compare)
	return repository.Tag(newest.Original()), nil
}

// fluxDigest asks with HEAD, and with GET where a registry does not answer that as expected.
func fluxDigest(reference name.Reference, opts []remote.Option) (v1.Hash, error) {
	if head, err := remote.Head(reference, opts...); err == nil {
		return head.Digest, nil
	}
	got, err := remote.Get(reference, opts...)
	if err != nil {
		return v1.Hash{}, err
	}
	return got.Digest, nil
}

// layerTypes lists the media types of an image's layers.
func layerTypes(image v1.Image) ([]string, error) {
	manifest, err := image.Manifest()
	if err != nil {
		return nil, err
	}
	types := []string{}
	for _, layer := range manifest.Layers {
		types = append(types, string(layer.MediaType))
	}
	return types, nil
}
