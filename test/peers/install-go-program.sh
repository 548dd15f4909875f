#!/bin/sh
# Builds the tool of a folder's go.mod into .ci/cache/bin, under the name of the folder.
# A module for each: together they would settle on versions that none of their authors has tested.
set -eu
cd "$(dirname "$0")/$1"
cache="$(cd ../../.. && pwd)/.ci/cache"
stamp="$cache/$1.stamp"
# What the program is made of. Asking Go itself whether it is current takes a second for each.
wanted="$(go env GOVERSION) $(cat go.mod go.sum | sha256sum)"
if test -x "$cache/bin/$1" && test "$(cat "$stamp" 2> /dev/null)" = "$wanted"; then
  exit 0
fi
echo "Building $1"
mkdir -p "$cache/bin"
package="$(sed -n 's/^tool //p' go.mod)"
CGO_ENABLED=0 go build -buildvcs=false -trimpath -o "$cache/bin/$1" "$package"
echo "$wanted" > "$stamp"
