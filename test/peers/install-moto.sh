#!/bin/sh
# Installs moto with its dependencies into an environment of its own.
set -eu
cd "$(dirname "$0")/moto"
cache="$(cd ../../.. && pwd)/.ci/cache"
stamp="$cache/moto.stamp"
wanted="$(python3 --version) $(sha256sum < requirements.txt)"
if test -x "$cache/bin/moto_server" && test "$(cat "$stamp" 2> /dev/null)" = "$wanted"; then
  exit 0
fi
echo 'Installing moto'
rm -rf "$cache/moto"
mkdir -p "$cache/bin"
python3 -m venv "$cache/moto"
"$cache/moto/bin/pip" install --quiet --no-deps -r requirements.txt
ln -sf ../moto/bin/moto_server "$cache/bin/moto_server"
echo "$wanted" > "$stamp"
