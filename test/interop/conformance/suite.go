//go:build suite

// Package suite keeps the version of the conformance suite, which is a test of the package below.
package suite

import _ "github.com/opencontainers/distribution-spec/conformance"
