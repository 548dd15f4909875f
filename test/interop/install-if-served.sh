#!/bin/sh
# Tries to install programs that not every Go module proxy serves into .ci/cache/bin: the newer conformance suite, zot,
# its benchmark, kpt, and a program with Glasskube's client. Without them, their tests are skipped with a message.
set -u
cd "$(dirname "$0")"
cache="$(cd ../.. && pwd)/.ci/cache"
export CGO_ENABLED=0 GOEXPERIMENT=jsonv2

# <program> <its name in the tests> <package@version>
try() {
  if test -x "$cache/bin/$2"; then return; fi
  if GOBIN="$cache/tried" go install "$3" 2> "$cache/tried.log"; then
    mv "$cache/tried/$1" "$cache/bin/$2"
  else
    echo "NOT INSTALLED: $2, as $3 could not be built: $(head -c 300 "$cache/tried.log" | tr '\n' ' ')"
  fi
}

try conformance oci-conformance github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260716174315-967efdc079b9
try zot zot zotregistry.dev/zot/v2/cmd/zot@v2.1.20
try zb zb zotregistry.dev/zot/v2/cmd/zb@v2.1.20
try kpt kpt github.com/GoogleContainerTools/kpt@v1.0.0-beta.56

env -u GOEXPERIMENT glasskube/install.sh 2> "$cache/tried.log" ||
  echo "NOT INSTALLED: read-tree, as Glasskube's module could not be built: $(head -c 300 "$cache/tried.log" | tr '\n' ' ')"
