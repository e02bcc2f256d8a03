#!/usr/bin/env bash
# Checks what Cargo.lock brings in against deny.toml. Installs cargo-deny into the folder of test tools where it is not there.
# Usage: tests/deny.sh FOLDER [WHAT...]   WHAT is what `cargo deny check` takes: bans, licenses, sources, advisories.
set -euo pipefail

version=0.20.2
tools=$1
shift
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)
deny=$tools/cargo-deny-$version/bin/cargo-deny

if [ ! -x "$deny" ]; then
    printf 'tests/deny.sh: installing cargo-deny %s\n' "$version" >&2
    build=$(mktemp -d)
    trap 'rm -rf "$build"' EXIT
    # It runs for seconds: building it fast matters, its own speed does not.
    CARGO_TARGET_DIR=$build CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
        cargo install --quiet --locked --root "$tools/cargo-deny-$version" --version "$version" cargo-deny
fi
exec "$deny" --locked check "$@"
