#!/usr/bin/env bash
# Runs the official conformance suite of the Model Context Protocol on `agent mcp --http`, on a sandbox of its own.
# Ends with 0 where exactly the scenarios of expected-failures.yml fail.
# Usage: tests/conformance/run.sh TOOLS AGENT, where TOOLS is the folder that tests/clients/setup.sh filled.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=$(cd "$1" && pwd)
agent=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
place=$(mktemp -d)
started=()
trap 'for id in "${started[@]}"; do kill -INT "$id" 2>/dev/null || true; done; wait; rm -rf "$place"' EXIT

# The first line of a file, once there is one.
first_line() {
    local tries
    for tries in $(seq 100); do
        [ -s "$1" ] && { head -n 1 "$1"; return; }
        sleep 0.1
    done
    printf 'tests/conformance/run.sh: nothing came in %s\n' "$1" >&2
    return 1
}

mkdir "$place/work"
cd "$place/work"
env -i PATH="$PATH" HOME="$place" AGENT_HOME="$place/home" "$agent" mcp --json --http 127.0.0.1:0 >"$place/said" &
started+=($!)
line=$(first_line "$place/said")
url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' <<<"$line")
key=$(sed -n 's/.*"token_file":"\([^"]*\)".*/\1/p' <<<"$line")

"$tools/node" "$here/with_token.mjs" "$url" "$key" >"$place/address" &
started+=($!)
"$tools/node" "$tools/conformance/node_modules/@modelcontextprotocol/conformance/dist/index.js" server \
    --url "$(first_line "$place/address")" --suite all --output-dir "$place/results" \
    --expected-failures "$here/expected-failures.yml"
