#!/bin/sh
# Installs the packages of a folder's requirements.txt into an environment of their own, under the name of the folder,
# and one of its programs into .ci/cache/bin: install-python-program.sh peers/moto moto_server
set -eu
cache="$(cd "$(dirname "$0")/.." && pwd)/.ci/cache"
cd "$(dirname "$0")/$1"
name="${1##*/}"
stamp="$cache/$name.stamp"
# The programs of an environment contain the path of their interpreter.
wanted="$cache $(python3 --version) $(sha256sum < requirements.txt)"
if test -x "$cache/bin/$2" && test "$(cat "$stamp" 2> /dev/null)" = "$wanted"; then
  exit 0
fi
echo "Installing $name"
rm -rf "${cache:?}/$name"
mkdir -p "$cache/bin"
python3 -m venv "$cache/$name"
"$cache/$name/bin/pip" install --quiet --no-deps -r requirements.txt
ln -sf "../$name/bin/$2" "$cache/bin/$2"
echo "$wanted" > "$stamp"
