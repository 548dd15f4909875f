#!/bin/sh
# Builds the program read-tree with the repository client of Glasskube 0.26.1 into .ci/cache/bin. The client is internal to
# Glasskube's module, so the program is built in a copy of it.
set -eu
cd "$(dirname "$0")"
program="$(cd ../../.. && pwd)/.ci/cache/bin/read-tree"
if test "$program" -nt read-tree/main.go; then exit 0; fi
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
go -C "$copy" mod download -json github.com/glasskube/glasskube@v0.26.1 > "$copy/download.json"
module="$(sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p' "$copy/download.json")"
cp -r "$module" "$copy/module"
chmod -R u+w "$copy/module"
cp -r read-tree "$copy/module/cmd/"
CGO_ENABLED=0 go -C "$copy/module" build -buildvcs=false -trimpath -o "$program" ./cmd/read-tree
