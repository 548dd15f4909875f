#!/bin/sh
# Installs the programs that the interop tests drive, each in one version, into .ci/cache/bin: clients, and the
# registries and S3 servers of test/peers. It needs Go; for the servers, Python and Debian's apt-get too.
set -eu
cd "$(dirname "$0")"
GOBIN="$(cd ../.. && pwd)/.ci/cache/bin"
export GOBIN
# Go switches to the toolchain that the modules require.
for module in tools crane regctl helm; do go -C "$module" install tool; done
go -C gitops build -buildvcs=false -o "$GOBIN/consumer" .
go -C yaml build -buildvcs=false -o "$GOBIN/read-yaml" .
go -C semver build -buildvcs=false -o "$GOBIN/check-ranges" .
go -C values build -buildvcs=false -o "$GOBIN/check-values" .
conformance/install.sh
../peers/install.sh
../install-python-program.sh interop/schemathesis schemathesis
./install-if-served.sh
# Any version of jq will do. The walk-through of docs/upgrades.md shortens responses with it.
command -v jq > /dev/null || apt-get install -y -qq jq
# Debian's skopeo, as few machines can build it.
command -v skopeo > /dev/null || apt-get install -y -qq skopeo
# Any version of bsdtar and setfattr will do, too, for archives as macOS and Windows pack them.
command -v bsdtar > /dev/null || apt-get install -y -qq libarchive-tools
command -v setfattr > /dev/null || apt-get install -y -qq attr
ls "$GOBIN"
