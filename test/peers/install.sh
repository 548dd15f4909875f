#!/bin/sh
# Installs the registries and S3 servers that tests and benchmarks run against, each in one version, into .ci/cache.
# Installed programs are kept. It needs Go, Python and Debian's apt-get, but neither root nor a running service.
set -u
cd "$(dirname "$0")"
failed=
# One at a time, because each compilation takes the memory of a small machine.
for peer in docker-registry distribution olareg versitygw moto; do
  case $peer in
    docker-registry) ./install-docker-registry.sh ;;
    moto) ../install-python-program.sh peers/moto moto_server ;;
    *) ./install-go-program.sh "$peer" ;;
  esac || failed="$failed $peer"
done
test -z "$failed" || {
  echo "Not installed:$failed. Their tests are skipped, and fail in CI." >&2
  exit 1
}
