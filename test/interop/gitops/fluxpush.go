package main

import (
	"context"
	"strings"

	"github.com/fluxcd/pkg/oci"
)

// fluxPush makes an artifact of a folder or a file as `flux push artifact` does, through the same function.
func fluxPush(ctx context.Context, o options) (*result, error) {
	client := oci.NewClient(oci.DefaultOptions())
	opts := []oci.PushOption{
		oci.WithPushMetadata(oci.Metadata{
			Source:   "https://git.example.com/packages",
			Revision: o.revision,
		}),
	}
	if o.extension != "" {
		opts = append(opts, oci.WithPushLayerType(oci.LayerTypeStatic), oci.WithPushMediaTypeExt(o.extension))
	}
	reference, err := client.Push(ctx, o.url+":"+o.tag, o.path, opts...)
	if err != nil {
		return nil, err
	}
	_, digest, _ := strings.Cut(reference, "@")
	return &result{Tag: o.tag, Digest: digest, Revision: o.revision}, nil
}
