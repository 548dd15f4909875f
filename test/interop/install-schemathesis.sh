#!/bin/sh
# Installs schemathesis with its dependencies into an environment of its own.
set -eu
cd "$(dirname "$0")/schemathesis"
cache="$(cd ../../.. && pwd)/.ci/cache"
stamp="$cache/schemathesis.stamp"
# The programs of an environment know their interpreter by its path.
wanted="$cache $(python3 --version) $(sha256sum < requirements.txt)"
if test -x "$cache/bin/schemathesis" && test "$(cat "$stamp" 2> /dev/null)" = "$wanted"; then
  exit 0
fi
echo 'Installing schemathesis'
rm -rf "$cache/schemathesis"
mkdir -p "$cache/bin"
python3 -m venv "$cache/schemathesis"
"$cache/schemathesis/bin/pip" install --quiet --no-deps -r requirements.txt
ln -sf ../schemathesis/bin/schemathesis "$cache/bin/schemathesis"
echo "$wanted" > "$stamp"
