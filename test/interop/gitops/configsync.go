package main

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// configSync does what Config Sync's oci-sync does with spec.oci.image:
// https://github.com/GoogleContainerTools/kpt-config-sync/blob/main/pkg/oci/fetcher.go
func configSync(ctx context.Context, o options) (*result, error) {
	image := o.url + ":" + o.tag
	if o.digest != "" {
		image = o.url + "@" + o.digest
	}
	reference, err := name.ParseReference(image)
	if err != nil {
		return nil, err
	}
	pulled, err := remote.Image(reference, remote.WithContext(ctx), remote.WithAuth(authn.Anonymous))
	if err != nil {
		return nil, err
	}
	digest, err := pulled.Digest()
	if err != nil {
		return nil, err
	}
	types, err := layerTypes(pulled)
	if err != nil {
		return nil, err
	}
	// All layers become one archive; whiteouts among their names delete files.
	merged := mutate.Extract(pulled)
	defer merged.Close()
	if err := configSyncUntar(merged, o.out); err != nil {
		return nil, err
	}
	return &result{Tag: o.tag, Digest: digest.String(), Revision: digest.Hex, Layers: types}, nil
}

// configSyncUntar takes modes from the archive as they are, and makes no folder that has no entry of its own.
func configSyncUntar(r io.Reader, out string) error {
	for entries := tar.NewReader(r); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		target := filepath.Join(out, header.Name)
		switch {
		case header.FileInfo().IsDir():
			err = os.MkdirAll(target, header.FileInfo().Mode())
		case header.Linkname != "":
			err = os.Symlink(header.Linkname, target)
		default:
			err = writeFile(target, entries, os.FileMode(header.Mode))
		}
		if err != nil {
			return err
		}
	}
}
