// Command read-yaml reads YAML the way kubectl, Flux, Argo CD and Helm do, so that a test can compare what it reads
// with what pkgserver reads: with sigs.k8s.io/yaml, and files of several documents as kubectl splits them.
//
// Each line of stdin is a file as a JSON string. For each it prints one line: {"values": [...]} with the JSON of all
// documents, or {"error": "..."}.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

type answer struct {
	Values []json.RawMessage `json:"values,omitzero"`
	Error  string            `json:"error,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var file string
		if err := json.Unmarshal(line, &file); err != nil {
			return err
		}
		if err := out.Encode(read(file)); err != nil {
			return err
		}
	}
}

func read(file string) answer {
	documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(file)))
	values := []json.RawMessage{}
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return answer{Values: values}
		}
		if err != nil {
			return answer{Error: err.Error()}
		}
		value, err := yaml.YAMLToJSON(document)
		if err != nil {
			return answer{Error: err.Error()}
		}
		values = append(values, value)
	}
}
