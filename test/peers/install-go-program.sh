#!/bin/sh
# Builds the tool of a folder's go.mod into .ci/cache/bin, under the name of the folder.
# Each program has its own module: together they would resolve to versions that their authors have not tested.
set -eu
cd "$(dirname "$0")/$1"
cache="$(cd ../../.. && pwd)/.ci/cache"
stamp="$cache/$1.stamp"
# The inputs of the build. Letting Go check whether a program is current takes a second for each.
wanted="$(go env GOVERSION) $(cat go.mod go.sum | sha256sum)"
if test -x "$cache/bin/$1" && test "$(cat "$stamp" 2> /dev/null)" = "$wanted"; then
  exit 0
fi
echo "Building $1"
mkdir -p "$cache/bin"
package="$(sed -n 's/^tool //p' go.mod)"
CGO_ENABLED=0 go build -buildvcs=false -trimpath -o "$cache/bin/$1" "$package"
echo "$wanted" > "$stamp"
