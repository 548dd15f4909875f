// Command check-values applies the functions of Go by which Glasskube checks values, so that a test can compare them with
// those of pkgserver.
//
// It reads {"patterns": [...], "texts": [...]} from stdin and prints {"matches": [...], "numbers": [...], "booleans":
// [...]}: for each pattern the texts that it matches, or null if it is refused, and which texts are numbers and booleans.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
)

type question struct {
	Patterns []string `json:"patterns"`
	Texts    []string `json:"texts"`
}

type answer struct {
	Matches  [][]bool `json:"matches"`
	Numbers  []bool   `json:"numbers"`
	Booleans []bool   `json:"booleans"`
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
	var found answer
	for _, pattern := range asked.Patterns {
		found.Matches = append(found.Matches, match(pattern, asked.Texts))
	}
	for _, text := range asked.Texts {
		_, noNumber := strconv.Atoi(text)
		_, noBoolean := strconv.ParseBool(text)
		found.Numbers = append(found.Numbers, noNumber == nil)
		found.Booleans = append(found.Booleans, noBoolean == nil)
	}
	return found
}

func match(pattern string, texts []string) []bool {
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil
	}
	matches := make([]bool, len(texts))
	for at, text := range texts {
		matches[at] = compiled.MatchString(text)
	}
	return matches
}
