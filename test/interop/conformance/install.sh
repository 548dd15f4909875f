#!/bin/sh
# Builds the conformance suite of OCI registries that go.mod names into .ci/cache/bin.
set -eu
cd "$(dirname "$0")"
cache="$(cd ../../.. && pwd)/.ci/cache"
program="$cache/bin/oci-conformance-2023"
stamp="$cache/conformance.stamp"
wanted="$(go env GOVERSION) $(cat go.mod go.sum | sha256sum)"
if test -x "$program" && test "$(cat "$stamp" 2> /dev/null)" = "$wanted"; then
  exit 0
fi
echo 'Building the conformance suite'
go test -c -o "$program" github.com/opencontainers/distribution-spec/conformance
echo "$wanted" > "$stamp"
