"""The dynamics of `peptide_folding`: the chain, the legs and rounds, replica exchange, and checkpoints."""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import openmm as mm
import PeptideBuilder
from openmm import app, unit

STEP_PS = 0.004
LEG_PS = 2.0
LEG_STEPS = 500
# How often a leg looks whether it shall end; also what a SIGTERM waits for.
SLICE_STEPS = 50
# Seconds between two checkpoints, at the end of a leg.
CHECKPOINT_SECONDS = 20.0
# More frames than these say no more, and clustering takes their square.
MOST_FRAMES = 2000
# Force fields, and where in openmmforcefields they lie that OpenMM itself has not.
FORCE_FIELDS = {"ff14SB": None, "ff14SBonlysc": "openmmforcefields/ffxml/amber/protein.ff14SBonlysc.xml"}
# The hottest temperature, as a multiple of the wanted one.
HOT = 1.5
# One annealing cycle takes so long; the first part of it cools, the rest stays at the wanted temperature.
CYCLE_PS = 10_000.0
COOLING_PART = 0.6


class InputError(Exception):
    """What the person can mend, in one sentence."""


class Stopped(Exception):
    """SIGTERM or SIGINT came; the last whole leg is in the checkpoint."""


def extended_chain(plan: Plan) -> app.Modeller:
    """The extended chain with charged ends and hydrogens as at pH 7; cysteines stay reduced."""
    structure = PeptideBuilder.make_extended_structure(plan.sequence)
    PeptideBuilder.PeptideBuilder.add_terminal_OXT(structure)
    chain = app.Topology()
    ours = chain.addChain("A")
    positions = []
    for number, residue in enumerate(structure.get_residues(), 1):
        added = chain.addResidue(residue.get_resname(), ours, str(number))
        for atom in residue:
            chain.addAtom(atom.get_name(), app.Element.getBySymbol(atom.element), added)
            positions.append(mm.Vec3(*(float(x) / 10 for x in atom.coord)))
    chain.createStandardBonds()
    modeller = app.Modeller(chain, positions * unit.nanometer)
    # Hydrogens are first placed by Python's own generator, then minimised.
    random.seed(plan.seed)
    modeller.addHydrogens(force_field(plan), pH=7.0, platform=cpu(plan.threads))
    return modeller


def force_field_file(name: str) -> tuple[str, str]:
    """Where OpenMM finds the parameters of that name, and the version of the package that has them beside OpenMM."""
    within = FORCE_FIELDS[name]
    if within is None:
        return "amber14/protein.ff14SB.xml", ""
    # The package itself imports more than is needed here; its file is all that is read.
    for package in ("openmmforcefields", "acellera-openmmforcefields"):
        try:
            found = metadata.distribution(package)
        except metadata.PackageNotFoundError:
            continue
        path = found.locate_file(within)
        if os.path.isfile(path):
            return str(path), found.version
    raise InputError(f"{name} is in the package openmmforcefields: pip install --no-deps openmmforcefields==0.15.1")


def force_field(plan: Plan) -> app.ForceField:
    return app.ForceField(force_field_file(plan.force_field)[0], "implicit/gbn2.xml")


@dataclass(frozen=True)
class Plan:
    """What a run is; a checkpoint serves only the same plan."""

    sequence: str
    method: str
    picoseconds: int
    temperature: int
    seed: int
    threads: int
    force_field: str = "ff14SB"
    libraries: dict[str, str] = field(default_factory=dict)

    @property
    def replicas(self) -> int:
        # So many that neighbours trade places in about a third of the attempts, whatever the length: see the docs page.
        return 4 + len(self.sequence) // 10 if self.method == "replica-exchange" else 1

    @property
    def rounds(self) -> int:
        """A round is one leg of every replica."""
        return max(1, round(self.picoseconds / LEG_PS / self.replicas))

    @property
    def frame_every(self) -> int:
        """Rounds from one frame of the trajectory to the next."""
        return math.ceil(self.rounds / MOST_FRAMES)

    def temperatures(self, round_: int) -> list[float]:
        """Of each rung in this round, coldest first."""
        if self.method == "replica-exchange":
            return [self.temperature * HOT ** (i / (self.replicas - 1)) for i in range(self.replicas)]
        cycles = max(1, round(self.picoseconds / CYCLE_PS))
        within = (round_ * cycles / self.rounds) % 1.0
        return [self.temperature * HOT ** (1.0 - min(within / COOLING_PART, 1.0))]

    def draw(self, *which: Any) -> np.random.Generator:
        """A generator that depends on seed and purpose alone."""
        digest = hashlib.sha256(repr((self.seed, *which)).encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:16], "big"))

    def seed_of(self, *which: Any) -> int:
        """A seed for OpenMM, which takes zero as "any"."""
        return int(self.draw(*which).integers(1, 2**31 - 1))


@dataclass
class State:
    """All that a run needs to go on: as of the end of a round."""

    round: int
    positions: np.ndarray  # nm, of each rung
    velocities: np.ndarray  # nm/ps
    attempts: int = 0
    exchanges: int = 0
    seconds: float = 0.0
    frames: int = 0


class Checkpoint:
    """State in one file that is replaced whole; frames in another that only grows and is cut back to what the first says."""

    def __init__(self, prefix: Path, plan: Plan, atoms: int):
        self.state_path = prefix.with_name(prefix.name + ".npz")
        self.frames_path = prefix.with_name(prefix.name + ".frames")
        self.plan = json.dumps(asdict(plan), sort_keys=True)
        # Round, temperature, potential and kinetic energy, positions.
        self.frame = np.dtype([("round", "<i8"), ("figures", "<f8", 3), ("positions", "<f4", (atoms, 3))])

    def load(self) -> State | None:
        if not self.state_path.exists():
            self.frames_path.unlink(missing_ok=True)
            return None
        try:
            with np.load(self.state_path, allow_pickle=False) as kept:
                if str(kept["plan"]) != self.plan:
                    raise InputError(f"{self.state_path} is of a run with other arguments; remove it to begin anew")
                state = State(**{name: kept[name] if kept[name].ndim else kept[name].item() for name in kept if name != "plan"})
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(f"{self.state_path} cannot be read ({error}); remove it to begin anew") from error
        whole = state.frames * self.frame.itemsize
        self.frames_path.touch()
        if self.frames_path.stat().st_size < whole:
            raise InputError(f"{self.frames_path} is shorter than it was; remove {self.state_path} to begin anew")
        os.truncate(self.frames_path, whole)
        return state

    def discard_unusable(self) -> None:
        """Begins anew where what is there serves no run of this plan, and says so."""
        try:
            self.load()
        except InputError as error:
            print(f"peptide_folding: begins anew: {error}", file=sys.stderr)
            self.remove()

    def add_frame(self, round_: int, figures: tuple[float, float, float], positions: np.ndarray) -> None:
        record = np.zeros(1, self.frame)
        record["round"], record["figures"], record["positions"] = round_, figures, positions
        with self.frames_path.open("ab") as file:
            file.write(record.tobytes())

    def save(self, state: State) -> None:
        if self.frames_path.exists():
            with self.frames_path.open("rb") as frames:
                os.fsync(frames.fileno())
        fresh = self.state_path.with_suffix(".new")
        with fresh.open("wb") as file:
            np.savez(file, plan=self.plan, **{name: getattr(state, name) for name in State.__dataclass_fields__})
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self.state_path)

    def frames(self) -> np.ndarray:
        return np.fromfile(self.frames_path, self.frame)

    def remove(self) -> None:
        for path in (self.state_path, self.frames_path):
            path.unlink(missing_ok=True)


class Dynamics:
    """One OpenMM context that all replicas use in turn."""

    def __init__(self, modeller: app.Modeller, plan: Plan):
        self.topology = modeller.topology
        system = force_field(plan).createSystem(
            modeller.topology, nonbondedMethod=app.NoCutoff, constraints=app.HBonds, hydrogenMass=3 * unit.amu
        )
        self.integrator = mm.LangevinMiddleIntegrator(
            300 * unit.kelvin, 1 / unit.picosecond, STEP_PS * unit.picoseconds
        )
        self.context = mm.Context(system, self.integrator, cpu(plan.threads))

    def minimised(self, positions: np.ndarray, force: float) -> np.ndarray:
        """Until the root mean square force is below `force`, in kJ/mol/nm."""
        self.context.setPositions(positions)
        mm.LocalEnergyMinimizer.minimize(self.context, force, 0)
        return self.now()[0]

    def potential(self, positions: np.ndarray) -> float:
        """kJ/mol, of positions as they are."""
        self.context.setPositions(positions)
        return self.now()[2]

    def thermal(self, positions: np.ndarray, temperature: float, seed: int) -> np.ndarray:
        self.context.setPositions(positions)
        self.context.setVelocitiesToTemperature(temperature * unit.kelvin, seed)
        return self.now()[1]

    def leg(
        self, positions: np.ndarray, velocities: np.ndarray, temperature: float, seed: int, stop: Callable[[], bool]
    ) -> tuple[np.ndarray, np.ndarray, float, float]:
        self.integrator.setTemperature(temperature * unit.kelvin)
        self.integrator.setRandomNumberSeed(seed)
        self.context.reinitialize()
        self.context.setPositions(positions)
        self.context.setVelocities(velocities)
        for _ in range(LEG_STEPS // SLICE_STEPS):
            self.integrator.step(SLICE_STEPS)
            if stop():
                raise Stopped
        return self.now()

    def now(self) -> tuple[np.ndarray, np.ndarray, float, float]:
        """Positions, velocities, potential and kinetic energy."""
        state = self.context.getState(positions=True, velocities=True, energy=True)
        return (
            state.getPositions(asNumpy=True).value_in_unit(unit.nanometer),
            state.getVelocities(asNumpy=True).value_in_unit(unit.nanometer / unit.picosecond),
            state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole),
            state.getKineticEnergy().value_in_unit(unit.kilojoule_per_mole),
        )


def cpu(threads: int) -> mm.Platform:
    """The platform that is the same on every machine of one kind: one thread adds forces in one order."""
    platform = mm.Platform.getPlatform("CPU")
    platform.setPropertyDefaultValue("Threads", str(threads))
    return platform


def simulate(plan: Plan, dynamics: Dynamics, start: np.ndarray, checkpoint: Checkpoint, stop: Callable[[], bool]) -> State:
    """All rounds that are still to do."""
    state = checkpoint.load()
    if state is None:
        start = dynamics.minimised(start, 10.0)
        warm = [
            dynamics.thermal(start, t, plan.seed_of("velocities", rung))
            for rung, t in enumerate(plan.temperatures(0))
        ]
        state = State(0, np.array([start] * plan.replicas), np.array(warm))
        checkpoint.save(state)
    saved = time.monotonic()
    while state.round < plan.rounds:
        began = time.monotonic()
        temperatures = plan.temperatures(state.round)
        positions, velocities = state.positions.copy(), state.velocities.copy()
        energies = []
        for rung, temperature in enumerate(temperatures):
            seed = plan.seed_of("leg", state.round, rung)
            try:
                moved = dynamics.leg(positions[rung], velocities[rung], temperature, seed, stop)
            except Stopped:
                checkpoint.save(state)
                raise
            positions[rung], velocities[rung] = moved[:2]
            energies.append(moved[2:])
        if (state.round + 1) % plan.frame_every == 0 or state.round + 1 == plan.rounds:
            checkpoint.add_frame(state.round + 1, (temperatures[0], *energies[0]), positions[0])
            state.frames += 1
        state.positions, state.velocities = positions, velocities
        if plan.replicas > 1:
            exchange(plan, state, temperatures, [potential for potential, _ in energies])
        state.round += 1
        state.seconds += time.monotonic() - began
        if time.monotonic() - saved > CHECKPOINT_SECONDS or state.round == plan.rounds:
            checkpoint.save(state)
            saved = time.monotonic()
            print(f"progress {state.round / plan.rounds:.4f}", flush=True)
    return state


def exchange(plan: Plan, state: State, temperatures: list[float], energies: list[float]) -> None:
    """Neighbours trade places by the rule of Sugita and Okamoto (1999); even and odd pairs take turns."""
    draw = plan.draw("exchange", state.round)
    beta = [1.0 / (8.314462618e-3 * t) for t in temperatures]
    for low in range(state.round % 2, plan.replicas - 1, 2):
        high = low + 1
        state.attempts += 1
        gain = (beta[low] - beta[high]) * (energies[low] - energies[high])
        if gain >= 0 or draw.random() < math.exp(gain):
            state.exchanges += 1
            pair, swapped = [low, high], [high, low]
            state.positions[pair] = state.positions[swapped]
            # Velocities are brought to the temperature that the copy comes to.
            scale = math.sqrt(temperatures[low] / temperatures[high])
            state.velocities[pair] = state.velocities[swapped] * np.array([scale, 1 / scale])[:, None, None]
