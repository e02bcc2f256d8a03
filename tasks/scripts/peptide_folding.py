#!/usr/bin/env python3
"""Folds one peptide by all-atom molecular dynamics in implicit solvent, from its sequence alone.

Force field ff14SB or ff14SBonlysc, solvent GBn2 (igb=8), no cutoff, bonds to hydrogen constrained, hydrogen mass 3 u, Langevin middle
integrator with 4 fs and 1/ps. The chain starts extended; `annealing` heats and cools it in cycles, `replica-exchange`
lets several copies at different temperatures trade places. Results go into the working folder unless said otherwise.

Work is cut into legs of 2 ps. Each leg draws its random numbers from the seed and its own number and begins with a fresh
context, so that a run that was killed goes on from the last whole leg and ends as if it never had been.

Exit codes: 0 done, 1 the simulation failed, 2 wrong input, 3 a library is missing, 143 ended by SIGTERM (can go on).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

# One thread means one: numerical libraries read this when they are loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

NEEDS = "openmm==8.6.1 PeptideBuilder==1.1.0 mdtraj==1.11.1.post2"
try:
    import mdtraj
    import numpy as np
    import openmm as mm
    from openmm import app, unit

    from peptide_dynamics import (
        FORCE_FIELDS, LEG_PS, LEG_STEPS, Checkpoint, Dynamics, InputError, Plan, State, Stopped, extended_chain,
        force_field_file, simulate,
    )
except ImportError as missing:
    print(f"peptide_folding: {missing}; install what it needs with: pip install {NEEDS}", file=sys.stderr)
    raise SystemExit(3) from missing

# Frames nearer than this to a cluster's centre (CA RMSD, nm) belong to it.
CLUSTER_NM = 0.2
SHORTEST, LONGEST = 5, 40
LARGEST_FASTA = 1_000_000
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
# Masses in unified atomic mass units (IUPAC, abridged), for the radius of gyration; the dynamics' own are repartitioned.
MASSES = {"H": 1.008, "C": 12.011, "N": 14.007, "O": 15.999, "S": 32.06}
OUTPUTS = ("best.pdb", "last.pdb", "trajectory.xtc", "series.tsv", "summary.json")


def read_sequence(path: Path, longest: int) -> tuple[str, str]:
    """Name and residues of the first record of a FASTA file."""
    with path.open("rb") as file:
        text = file.read(LARGEST_FASTA + 1)
    if len(text) > LARGEST_FASTA:
        raise InputError(f"the FASTA file is larger than {LARGEST_FASTA} bytes; give a file with the peptide alone")
    name, letters = None, []
    for line in text.decode("utf-8", "replace").splitlines():
        if line.startswith(">"):
            if name is not None:
                break
            name = line[1:].strip()
        elif line.strip():
            if name is None:
                raise InputError("the file does not begin with '>', so it is not FASTA")
            letters.append("".join(line.split()))
    sequence = "".join(letters).upper().removesuffix("*")
    if name is None or not sequence:
        raise InputError("the FASTA file holds no sequence")
    for at, letter in enumerate(sequence, 1):
        if letter not in RESIDUES:
            raise InputError(f"residue {at} is {letter!r}, which is none of the 20 standard amino acids")
    if not SHORTEST <= len(sequence) <= longest:
        raise InputError(f"the first sequence has {len(sequence)} residues; this takes {SHORTEST} to {longest}")
    return name.split()[0] if name.split() else "peptide", sequence


def reference_trace(path: Path, sequence: str) -> np.ndarray:
    """The CA positions (nm) of the first model of a PDB file, whose residues must be those of the sequence."""
    try:
        first = mdtraj.load_pdb(str(path), frame=0)
    except Exception as error:  # mdtraj's reader raises whatever its lines lead to
        raise InputError(f"the reference is no PDB file that can be read ({error})") from error
    atoms = [atom for atom in first.topology.atoms if atom.name == "CA" and atom.residue.is_protein]
    found = "".join(atom.residue.code or "X" for atom in atoms)
    if found != sequence:
        raise InputError(f"the reference has the residues {found[:60]}, and the sequence is {sequence}")
    return first.xyz[0, [atom.index for atom in atoms]]


def series(trajectory: mdtraj.Trajectory, masses: np.ndarray, reference: mdtraj.Trajectory | None) -> dict[str, np.ndarray]:
    """Radius of gyration (nm), shares of helix and strand by DSSP, and CA RMSD (nm) of each frame."""
    codes = mdtraj.compute_dssp(trajectory, simplified=True)
    columns = {
        "rg_nm": radius_of_gyration(trajectory.xyz.astype(float), masses),
        "helix": (codes == "H").mean(axis=1),
        "strand": (codes == "E").mean(axis=1),
    }
    if reference is not None:
        columns["rmsd_ca_nm"] = mdtraj.rmsd(trace(trajectory), reference, parallel=False)
    return columns


def radius_of_gyration(positions: np.ndarray, masses: np.ndarray) -> np.ndarray:
    share = masses / masses.sum()
    centre = np.einsum("a,fax->fx", share, positions)[:, None]
    return np.sqrt(np.einsum("a,fax->f", share, (positions - centre) ** 2))


def trace(trajectory: mdtraj.Trajectory) -> mdtraj.Trajectory:
    return trajectory.atom_slice(trajectory.topology.select("name CA"))


def largest_cluster(traces: mdtraj.Trajectory) -> tuple[int, int]:
    """The frame with most neighbours within CLUSTER_NM, and how many they are with itself: the first step of the
    algorithm of Daura et al. (1999)."""
    counts = [int((mdtraj.rmsd(traces, traces, i, parallel=False) <= CLUSTER_NM).sum()) for i in range(len(traces))]
    best = int(np.argmax(counts))
    return best, counts[best]


def finish(plan: Plan, name: str, dynamics: Dynamics, checkpoint: Checkpoint, state: State, options: argparse.Namespace) -> None:
    """Chooses, measures and writes what the run came to."""
    frames = checkpoint.frames()
    topology = mdtraj.Topology.from_openmm(dynamics.topology)
    per_round = LEG_PS * plan.replicas
    trajectory = mdtraj.Trajectory(frames["positions"], topology, time=frames["round"] * per_round)
    reference = None
    if options.reference:
        positions = reference_trace(options.reference, plan.sequence)
        reference = mdtraj.Trajectory(positions[None], trace(trajectory[0]).topology)
    masses = np.array([MASSES[atom.element.symbol] for atom in topology.atoms])

    # Only frames at the wanted temperature stand for it.
    cold = np.flatnonzero(frames["figures"][:, 0] < plan.temperature + 0.5)
    cold = cold if len(cold) else np.arange(len(frames))
    centre, members = largest_cluster(trace(trajectory[cold]))
    as_met = frames["positions"].astype(float)
    kept = {"best": dynamics.minimised(as_met[cold[centre]], 1.0), "last": as_met[-1]}

    figures: dict[str, dict[str, Any]] = {}
    for which, positions in kept.items():
        # What is stated is of the digits that the PDB file has, so that anyone can compute it again.
        written = np.round(positions, 4)
        one = mdtraj.Trajectory(written[None], topology)
        columns = series(one, masses, reference)
        figures[which] = {
            "energy_kj_mol": round(dynamics.potential(written), 2),
            "rg_nm": round(float(radius_of_gyration(written[None], masses)[0]), 6),
            "dssp": "".join(code if code != " " else "-" for code in mdtraj.compute_dssp(one, simplified=False)[0]),
        }
        if reference is not None:
            figures[which]["rmsd_ca_nm"] = round(float(columns["rmsd_ca_nm"][0]), 4)
        with getattr(options, which).open("w") as file:
            app.PDBFile.writeModel(dynamics.topology, written * unit.nanometer, file, keepIds=True)
            print("END", file=file)

    columns = {
        "time_ps": trajectory.time,
        "temperature_k": frames["figures"][:, 0],
        "potential_kj_mol": frames["figures"][:, 1],
        "kinetic_kj_mol": frames["figures"][:, 2],
        **series(trajectory, masses, reference),
    }
    with options.series.open("w") as file:
        print(*columns, sep="\t", file=file)
        for row in zip(*columns.values()):
            print(*(f"{value:.4f}" for value in row), sep="\t", file=file)
    with mdtraj.formats.XTCTrajectoryFile(str(options.trajectory), "w") as file:
        file.write(trajectory.xyz, time=trajectory.time.astype(np.float32), step=frames["round"].astype(np.int32))

    simulated = plan.rounds * per_round / 1000
    summary = {
        "name": name,
        "sequence": plan.sequence,
        "residues": len(plan.sequence),
        "atoms": topology.n_atoms,
        "method": plan.method,
        "temperature_k": plan.temperature,
        "force_field": plan.force_field,
        "seed": plan.seed,
        "replicas": plan.replicas,
        "simulated_ns": round(simulated, 6),
        "steps": plan.rounds * plan.replicas * LEG_STEPS,
        "ns_per_day": round(simulated / state.seconds * 86_400, 2),
        "frames": len(frames),
        "cluster": {"frames": len(cold), "members": members, "within_nm": CLUSTER_NM},
        **figures,
        "platform": dynamics.context.getPlatform().getName(),
        "threads": plan.threads,
        "libraries": plan.libraries,
    }
    if state.attempts:
        summary["exchange_share"] = round(state.exchanges / state.attempts, 3)
    options.summary.write_text(json.dumps(summary, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    def whole(low: int, high: int) -> Callable[[str], int]:
        def read(text: str) -> int:
            if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
                raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}")
            return int(text)

        return read

    parser = argparse.ArgumentParser(description="Folds a peptide by molecular dynamics in implicit solvent.", allow_abbrev=False)
    parser.add_argument("--sequence-file", type=Path, required=True, help="FASTA; its first record is folded")
    parser.add_argument(
        "--picoseconds", type=whole(10, 100_000_000), default=10_000, help="simulated time, all replicas together"
    )
    parser.add_argument("--method", choices=["annealing", "replica-exchange"], default="annealing")
    parser.add_argument("--temperature", type=whole(273, 400), default=300, help="kelvin")
    parser.add_argument("--seed", type=whole(0, 2**53 - 1), default=1)
    parser.add_argument("--reference", type=Path, help="PDB of the known structure, for the CA RMSD")
    parser.add_argument("--max-residues", type=whole(SHORTEST, LONGEST), default=LONGEST)
    parser.add_argument("--threads", type=whole(1, 64), default=1)
    parser.add_argument(
        "--force-field", choices=list(FORCE_FIELDS), default="ff14SB", help="ff14SBonlysc needs openmmforcefields"
    )
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoint"), help="beginning of the names of its two files")
    parser.add_argument(
        "--unusable-checkpoint", choices=["refuse", "discard"], default="refuse",
        help="what becomes of one of other arguments or libraries, or that cannot be read",
    )
    for output in OUTPUTS:
        parser.add_argument(f"--{Path(output).stem}", type=Path, default=Path(output))
    parser.add_argument("--version", action="version", version=f"peptide_folding 1, OpenMM {mm.Platform.getOpenMMVersion()}")
    return parser.parse_args()


def run() -> None:
    options = arguments()
    name, sequence = read_sequence(options.sequence_file, options.max_residues)
    if options.reference:
        reference_trace(options.reference, sequence)  # what is wrong with it is said before the work
    libraries = {package: metadata.version(package) for package in ("openmm", "mdtraj", "peptidebuilder", "numpy")}
    if options.force_field != "ff14SB":
        libraries["openmmforcefields"] = force_field_file(options.force_field)[1]
    plan = Plan(
        sequence, options.method, options.picoseconds, options.temperature, options.seed, options.threads,
        options.force_field, libraries,
    )
    ended: list[int] = []
    for which in (signal.SIGTERM, signal.SIGINT):
        signal.signal(which, lambda number, _: ended.append(number))
    modeller = extended_chain(plan)
    dynamics = Dynamics(modeller, plan)
    checkpoint = Checkpoint(options.checkpoint, plan, modeller.topology.getNumAtoms())
    if options.unusable_checkpoint == "discard":
        checkpoint.discard_unusable()
    start = np.array(modeller.positions.value_in_unit(unit.nanometer), dtype=float)
    try:
        state = simulate(plan, dynamics, start, checkpoint, lambda: bool(ended))
    except Stopped:
        print("peptide_folding: ended before its time; the same command goes on from the checkpoint", file=sys.stderr)
        raise SystemExit(128 + ended[0]) from None
    finish(plan, name, dynamics, checkpoint, state, options)
    checkpoint.remove()


def main() -> None:
    try:
        run()
    except InputError as error:
        print(f"peptide_folding: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except OSError as error:
        print(f"peptide_folding: {error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
        raise SystemExit(2 if isinstance(error, FileNotFoundError) else 1) from error
    except mm.OpenMMException as error:
        print(f"peptide_folding: the simulation failed: {error}", file=sys.stderr)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
