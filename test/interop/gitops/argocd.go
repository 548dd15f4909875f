package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// argoLayerTypes is the default of the repo server's --oci-layer-media-types.
var argoLayerTypes = []string{
	"application/vnd.oci.image.layer.v1.tar",
	"application/vnd.oci.image.layer.v1.tar+gzip",
	"application/vnd.cncf.helm.chart.content.v1.tar+gzip",
}

// argoMaxSize is the default of the repo server's --oci-manifest-max-extracted-size.
const argoMaxSize = 1 << 30

// argoCD does what Argo CD's repo server does for an OCI source:
// https://github.com/argoproj/argo-cd/blob/master/util/oci/client.go
func argoCD(ctx context.Context, o options) (*result, error) {
	repository, err := remote.NewRepository(o.url)
	if err != nil {
		return nil, err
	}
	repository.PlainHTTP = true
	// A new connection for each request and no kept token: what the real client does, and a registry has to bear.
	repository.Client = &auth.Client{
		Client:     &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Credential: auth.StaticCredential(repository.Reference.Registry, auth.Credential{Username: o.username, Password: o.password}),
	}

	tag, digest, err := argoResolve(ctx, repository, o.revision)
	if err != nil {
		return nil, err
	}
	// All that the manifest leads to is fetched, its config and even a subject.
	local := memory.New()
	root, err := oras.Copy(ctx, repository, digest, local, digest, oras.DefaultCopyOptions)
	if err != nil {
		return nil, fmt.Errorf("could not save oci digest %s: %w", digest, err)
	}
	encoded, err := content.FetchAll(ctx, local, root)
	if err != nil {
		return nil, err
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(encoded, &manifest); err != nil {
		return nil, err
	}
	layer, err := argoContentLayer(manifest)
	if err != nil {
		return nil, err
	}
	blob, err := local.Fetch(ctx, layer)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	unzipped, err := gzip.NewReader(blob)
	if err != nil {
		return nil, err
	}
	if err := argoUntar(io.LimitReader(unzipped, argoMaxSize), o.out); err != nil {
		return nil, err
	}
	return &result{Tag: tag, Digest: digest, Revision: digest, Layers: []string{layer.MediaType}}, nil
}

// argoResolve takes a revision for a tag or digest first, and for a range of versions when there is none.
func argoResolve(ctx context.Context, repository *remote.Repository, revision string) (tag, digest string, err error) {
	found, err := repository.Resolve(ctx, revision)
	if err == nil {
		return revision, found.Digest.String(), nil
	}
	if !argoIsConstraint(revision) {
		return "", "", fmt.Errorf("cannot get digest for revision %s: %w", revision, err)
	}
	var tags []string
	err = repository.Tags(ctx, "", func(page []string) error {
		for _, tag := range page {
			tags = append(tags, strings.ReplaceAll(tag, "_", "+"))
		}
		return nil
	})
	if err != nil {
		return "", "", fmt.Errorf("failed to get tags: %w", err)
	}
	if tag, err = argoNewest(revision, tags); err != nil {
		return "", "", err
	}
	if found, err = repository.Resolve(ctx, tag); err != nil {
		return "", "", fmt.Errorf("cannot get digest for revision %s: %w", tag, err)
	}
	return tag, found.Digest.String(), nil
}

func argoIsConstraint(revision string) bool {
	if _, err := semver.NewVersion(revision); err == nil {
		return false
	}
	_, err := semver.NewConstraint(revision)
	return err == nil
}

// argoNewest reads every tag as a version. One that looks like a version and is none ends it all: the reason why
// no such tag may ever appear in a package's repository.
func argoNewest(wanted string, tags []string) (string, error) {
	constraint, err := semver.NewConstraint(wanted)
	if err != nil {
		return "", err
	}
	var newest *semver.Version
	for _, tag := range tags {
		v, err := semver.NewVersion(tag)
		if errors.Is(err, semver.ErrInvalidSemVer) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("invalid semver version in tags: %s: %w", tag, err)
		}
		// Of equal versions the first one stays.
		if constraint.Check(v) && (newest == nil || v.GreaterThan(newest)) {
			newest = v
		}
	}
	if newest == nil {
		return "", fmt.Errorf("version matching constraint not found in %d tags", len(tags))
	}
	return newest.Original(), nil
}

// argoContentLayer is Argo CD's check of a manifest.
func argoContentLayer(manifest ocispec.Manifest) (ocispec.Descriptor, error) {
	if len(manifest.Layers) > 10 {
		return ocispec.Descriptor{}, fmt.Errorf("expected no more than 10 oci layers, got %d", len(manifest.Layers))
	}
	var found []ocispec.Descriptor
	for _, layer := range manifest.Layers {
		archive := func(suffix string) bool { return strings.HasSuffix(layer.MediaType, suffix) }
		if !slices.ContainsFunc([]string{"tar+gzip", "tar.gzip", "tar"}, archive) {
			continue
		}
		if !slices.Contains(argoLayerTypes, layer.MediaType) {
			return ocispec.Descriptor{}, fmt.Errorf("oci layer media type %s is not in the list of allowed media types", layer.MediaType)
		}
		found = append(found, layer)
	}
	if len(found) != 1 {
		return ocispec.Descriptor{}, fmt.Errorf("expected only a single oci content layer, got %d", len(found))
	}
	return found[0], nil
}

// argoUntar makes the folders of a file itself, and leaves out what is neither a file nor a folder.
func argoUntar(r io.Reader, out string) error {
	for entries := tar.NewReader(r); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("error while iterating on tar reader: %w", err)
		}
		target := filepath.Join(out, header.Name)
		if !strings.HasPrefix(target, out+string(filepath.Separator)) {
			return fmt.Errorf("illegal filepath in archive: %s", header.Name)
		}
		switch header.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(target, 0o755)
		case tar.TypeReg:
			if err = os.MkdirAll(filepath.Dir(target), 0o755); err == nil {
				err = writeFile(target, entries, 0o644)
			}
		}
		if err != nil {
			return err
		}
	}
}

// writeFile creates or replaces a file.
func writeFile(path string, r io.Reader, mode os.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, r)
	return errors.Join(err, file.Close())
}
