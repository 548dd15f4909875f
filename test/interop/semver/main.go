// Command check-ranges says what Masterminds/semver, the library of Glasskube, makes of versions and ranges, so that a
// test can compare it with what pkgserver makes of them.
//
// It reads {"versions": [...], "ranges": [...]} from stdin and prints {"versions": [...], "ranges": [...]}. A text that
// is refused is null there. A version is a list of its comparisons with all versions, a range is how it is printed and
// which versions match.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/Masterminds/semver/v3"
)

type question struct {
	Versions []string `json:"versions"`
	Ranges   []string `json:"ranges"`
}

type answer struct {
	Versions [][]int     `json:"versions"`
	Ranges   []*matching `json:"ranges"`
}

type matching struct {
	Text    string `json:"text"`
	Matches []bool `json:"matches"`
}

func main() {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(check(asked)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(asked question) answer {
	versions := make([]*semver.Version, len(asked.Versions))
	for i, text := range asked.Versions {
		if version, err := semver.NewVersion(text); err == nil {
			versions[i] = version
		}
	}
	var result answer
	for _, version := range versions {
		result.Versions = append(result.Versions, compare(version, versions))
	}
	for _, text := range asked.Ranges {
		result.Ranges = append(result.Ranges, match(text, versions))
	}
	return result
}

func compare(version *semver.Version, others []*semver.Version) []int {
	if version == nil {
		return nil
	}
	orders := make([]int, len(others))
	for i, other := range others {
		if other != nil {
			orders[i] = version.Compare(other)
		}
	}
	return orders
}

func match(text string, versions []*semver.Version) *matching {
	constraint, err := semver.NewConstraint(text)
	if err != nil {
		return nil
	}
	matches := make([]bool, len(versions))
	for i, version := range versions {
		if version != nil {
			matches[i], _ = constraint.Validate(version)
		}
	}
	return &matching{constraint.String(), matches}
}
