// Command read-tree reads a repository as Glasskube does, with its own client, so that a test can compare what it finds
// with what was published. It is built within Glasskube's module, as that keeps the client internal: see ../install.sh.
//
// It prints {"packages": [...], "versions": {name: {...}}, "manifests": {name: {version: {...}}}} as JSON. Credentials
// are in BASIC_USER and BASIC_PASSWORD, or in BEARER_TOKEN.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/glasskube/glasskube/api/v1alpha1"
	"github.com/glasskube/glasskube/internal/repo/client"
	"github.com/glasskube/glasskube/internal/repo/client/auth"
	"github.com/glasskube/glasskube/internal/repo/types"
)

type tree struct {
	Packages  []types.PackageRepoIndexItem                   `json:"packages"`
	Versions  map[string]types.PackageIndex                  `json:"versions"`
	Manifests map[string]map[string]v1alpha1.PackageManifest `json:"manifests"`
}

func main() {
	found, err := read(client.New(os.Args[1], credentials(), time.Minute))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func credentials() auth.Authenticator {
	if token := os.Getenv("BEARER_TOKEN"); token != "" {
		return auth.Bearer(token)
	}
	if user := os.Getenv("BASIC_USER"); user != "" {
		return auth.Basic(user, os.Getenv("BASIC_PASSWORD"))
	}
	return auth.Noop()
}

func read(repository client.RepoClient) (*tree, error) {
	var index types.PackageRepoIndex
	if err := repository.FetchPackageRepoIndex(&index); err != nil {
		return nil, err
	}
	found := tree{index.Packages, map[string]types.PackageIndex{}, map[string]map[string]v1alpha1.PackageManifest{}}
	for _, item := range index.Packages {
		var versions types.PackageIndex
		if err := repository.FetchPackageIndex(item.Name, &versions); err != nil {
			return nil, err
		}
		found.Versions[item.Name] = versions
		found.Manifests[item.Name] = map[string]v1alpha1.PackageManifest{}
		for _, each := range versions.Versions {
			var manifest v1alpha1.PackageManifest
			if err := repository.FetchPackageManifest(item.Name, each.Version, &manifest); err != nil {
				return nil, err
			}
			found.Manifests[item.Name][each.Version] = manifest
		}
	}
	return &found, nil
}
