// Command consumer reads packages the way GitOps tools do, so that a test can see what such a tool would deploy.
// It goes through the same libraries as the tools and makes the same requests, checks and choices; what a tool
// does with the files afterwards is not part of it.
//
//	consumer flux       -url host/repository [-tag T | -semver RANGE | -digest D] [-secret FILE] -out DIR
//	consumer argocd     -url host/repository -revision TAG|RANGE|DIGEST [-username U -password P] -out DIR
//	consumer configsync -url host/repository [-tag T | -digest D] -out DIR
//	consumer push       -url host/repository -tag T [-layers N]
//	consumer flux-push  -url host/repository -tag T -path FILE_OR_DIR -revision R [-extension E]
//
// It prints one JSON object to stdout, or the reason why there is none to stderr.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// options are the flags of all subcommands.
type options struct {
	url      string
	tag      string
	semver   string
	digest   string
	revision string
	out      string
	layers   int
	path     string
	// secret is a file with a Secret of type kubernetes.io/dockerconfigjson.
	secret   string
	username string
	password string
	// extension has flux-push keep a file as it is.
	extension string
}

// result says what a tool took. Revision is written as the tool itself shows it.
type result struct {
	Tag      string   `json:"tag,omitempty"`
	Digest   string   `json:"digest"`
	Revision string   `json:"revision"`
	Layers   []string `json:"layers"`
}

var commands = map[string]func(context.Context, options) (*result, error){
	"flux":       flux,
	"argocd":     argoCD,
	"configsync": configSync,
	"push":       push,
	"flux-push":  fluxPush,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("usage: consumer flux|argocd|configsync|push|flux-push [flags]")
	}
	var o options
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&o.url, "url", "", "host/repository, with or without oci://")
	flags.StringVar(&o.tag, "tag", "", "tag")
	flags.StringVar(&o.semver, "semver", "", "semver range (flux)")
	flags.StringVar(&o.digest, "digest", "", "digest")
	flags.StringVar(&o.revision, "revision", "", "tag, digest or semver range (argocd), or what is pushed (flux-push)")
	flags.StringVar(&o.out, "out", "", "folder that the files go to")
	flags.StringVar(&o.path, "path", "", "what to push (flux-push)")
	flags.StringVar(&o.extension, "extension", "", "extension of a single file (flux-push)")
	flags.StringVar(&o.secret, "secret", "", "file with a Secret for the registry (flux)")
	flags.StringVar(&o.username, "username", "", "user name in the secret of the repository (argocd)")
	flags.StringVar(&o.password, "password", "", "password in the secret of the repository (argocd)")
	flags.IntVar(&o.layers, "layers", 2, "number of layers (push)")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	o.url = strings.TrimPrefix(o.url, "oci://")
	if o.out != "" {
		var err error
		if o.out, err = filepath.Abs(o.out); err != nil {
			return err
		}
		if err = os.MkdirAll(o.out, 0o755); err != nil {
			return err
		}
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	res, err := commands[args[0]](ctx, o)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}
