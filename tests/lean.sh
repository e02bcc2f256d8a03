#!/usr/bin/env bash
# What a build without node, sandbox, MCP and trial does, and what it says of what it lacks. Usage: tests/lean.sh AGENT
set -euo pipefail

agent=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export AGENT_HOME=$home/home

# expect CODE TEXT ARGUMENTS...
expect() {
    local code=0 wanted=$1 text=$2 said
    shift 2
    said=$("$agent" "$@" 2>&1) || code=$?
    if [ "$code" != "$wanted" ] || ! grep -qF -- "$text" <<<"$said"; then
        printf 'tests/lean.sh: agent %s: exit %s where %s was expected, with "%s"\n%s\n' "$*" "$code" "$wanted" "$text" "$said" >&2
        exit 1
    fi
}

expect 0 "6 records" ask "How many sequences are in examples/data.fasta?"
expect 0 "done" run sequence_stats examples/data.fasta
expect 1 "built without the sandbox" run protein_folding examples/data.fasta --yes
expect 1 "built without the sandbox" wallet address
expect 1 "this build has none" doctor
for command in node mcp trial; do
    expect 2 "built without $command" "$command" --anything
done
if "$agent" help | grep -E '^  (node|mcp|trial) ' >&2; then
    echo 'tests/lean.sh: the help shows commands that are not there' >&2
    exit 1
fi
echo "tests/lean.sh: as documented"
