#!/bin/sh
# Extracts docker-registry from Debian's package without installing it, which would start a service.
# Any 2.8 will do, because Debian replaces packages when it fixes them.
set -eu
cd "$(dirname "$0")"
cache="$(cd ../.. && pwd)/.ci/cache"
program="$cache/bin/docker-registry"
is_wanted() {
  "$program" --version 2> /dev/null | grep -q ' v\{0,1\}2\.8\.'
}
if is_wanted; then exit 0; fi
echo 'Unpacking docker-registry'
mkdir -p "$cache/bin"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
# apt downloads as its own user.
chmod 755 "$folder"
(cd "$folder" && apt-get download -qq -o APT::Sandbox::User= docker-registry && dpkg -x docker-registry_*.deb unpacked) || {
  echo 'cannot download docker-registry from Debian: run apt-get update first' >&2
  exit 1
}
cp "$folder/unpacked/usr/bin/docker-registry" "$program"
is_wanted || {
  echo "$("$program" --version) is not docker-registry 2.8" >&2
  rm "$program"
  exit 1
}
