"""Timing: rows in turn, on one core, and what else the machine did meanwhile."""

from __future__ import annotations

import gc
import importlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from .cases import Case, Group
from .samples import BACKENDS, backend

SPREAD: Final = 0.10
"""A median this far above the minimum is worth a warning."""
BUSY: Final = 0.05
"""So is this much of a core taken by other processes, or by the hypervisor."""

_LANES: Final = 64
_BLOCKS: Final = 65  # not a power of 2, or all lanes would meet in one set of the cache
_MESSAGES: Final = bytes(64 * _BLOCKS * _LANES)


@dataclass
class Times:
    """Seconds a token, a figure a round."""

    processor: list[float] = field(default_factory=list)
    """Of the processor's time, which does not go on while another process has the core."""
    elapsed: list[float] = field(default_factory=list)
    cores: int = 1

    @property
    def rounds(self) -> list[float]:
        """Processor time on one core, elapsed time on several."""
        return self.processor if self.cores == 1 else self.elapsed

    @property
    def best(self) -> float:
        return min(self.rounds)

    @property
    def spread(self) -> float:
        """How far the median lies above the minimum, as a share of it."""
        return median(self.rounds) / self.best - 1

    def add(self, run: Callable[[], object], count: int) -> None:
        """Times a run over ``count`` tokens."""
        elapsed, processor = time.perf_counter(), time.process_time()
        kept = run()
        self.processor.append((time.process_time() - processor) / count)
        self.elapsed.append((time.perf_counter() - elapsed) / count)
        del kept


@dataclass(frozen=True)
class Run:
    """What a run of the table has measured."""

    groups: list[Group]
    times: dict[Case, Times]
    compression: dict[str, Times]
    """Seconds a compression of SHA-256, for each kernel."""
    core: int | None
    warnings: list[str]

    @property
    def floor_kernel(self) -> str:
        return min(self.compression, key=lambda kernel: self.compression[kernel].best)

    @property
    def floor(self) -> float:
        """Seconds that a compression takes at best."""
        return self.compression[self.floor_kernel].best

    def ratio(self, case: Case) -> float | None:
        """How many times as fast a row is as the one it is compared with."""
        if case.against is None:
            return None
        ours, theirs = self.times[case], self.times[case.against]
        if case.cores > 1:
            return min(theirs.elapsed) / ours.best
        return theirs.best / ours.best


def native() -> Any:
    """The extension, with the functions that it has for tests and benchmarks alone."""
    return importlib.import_module(BACKENDS["native"])


def allowed_cores() -> set[int]:
    """The cores that this process may run on; none where a system does not tell."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def check(groups: Sequence[Group]) -> None:
    """Compares the outputs of all rows, before anything is timed."""
    for group in groups:
        for case in group.cases:
            with _backend_of(case):
                output = case.run()
            group.check(case, output)


def measure(groups: list[Group], rounds: int, core: int | None = None) -> Run:
    """Runs all rows ``rounds`` times, in turn, on ``core`` (by default the last one allowed)."""
    allowed = allowed_cores()
    core = max(allowed, default=None) if core is None else core
    cores = [] if core is None else [core, *sorted(allowed - {core})]
    kernels = native().available_kernels("sha256")
    cases = [case for group in groups for case in group.cases]
    times = {case: Times(cores=case.cores) for case in cases}
    run = Run(groups, times, {kernel: Times() for kernel in kernels}, core, [])
    noise = Noise()
    gc.collect()
    gc.freeze()  # what is here already is not looked through again
    try:
        for number in range(rounds):
            for kernel in kernels:
                _pin(cores[:1])
                _compress(kernel, run.compression[kernel])
            # Every other round backwards, so that nobody always comes after the same neighbour.
            for case in cases if number % 2 == 0 else reversed(cases):
                _pin(cores[: case.cores])  # threads that the case starts are pinned with it
                with _backend_of(case):
                    run.times[case].add(case.run, case.count)
    finally:
        gc.unfreeze()
        _pin(allowed)
    run.warnings.extend(noise.warnings(run))
    if cores and len(cores) < max(case.cores for case in cases):
        run.warnings.append("this machine has one core: two threads share it")
    return run


def _backend_of(case: Case) -> AbstractContextManager[object]:
    return backend("pure" if case.by == "pure" else "native")


def _compress(kernel: str, times: Times) -> None:
    """Times compressions where the kernel has as many messages as it can take."""
    core = native()
    chosen = core.kernels()["sha256"]
    core.force_kernel("sha256", kernel)
    core.hash_blocks(_MESSAGES, _LANES)  # a kernel new to the processor is slower at first
    times.add(lambda: core.hash_blocks(_MESSAGES, _LANES), _BLOCKS * _LANES)
    core.force_kernel("sha256", chosen)


def _pin(cores: Iterable[int]) -> None:
    if cores and os.sched_getaffinity(0) != set(cores):
        os.sched_setaffinity(0, cores)


class Noise:
    """What else ran on the machine from now on."""

    def __init__(self) -> None:
        self._load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        self._start = time.perf_counter()
        self._own = time.process_time()
        self._machine = _machine_seconds()

    def warnings(self, run: Run) -> list[str]:
        elapsed = time.perf_counter() - self._start
        own = time.process_time() - self._own
        busy, stolen = (
            after - before for after, before in zip(_machine_seconds(), self._machine, strict=True)
        )
        others = max(0.0, busy - own) / elapsed
        unsteady = [case for case, times in run.times.items() if times.spread > SPREAD]
        found = []
        if others > BUSY:
            found.append(f"other processes took {others:.0%} of a core during the run")
        if stolen / elapsed > BUSY:
            found.append(f"the hypervisor took {stolen / elapsed:.0%} of a core during the run")
        if self._load > 1:
            found.append(f"the load average was {self._load:.2f} when the run began")
        if unsteady:
            worst = max(unsteady, key=lambda case: run.times[case].spread)
            found.append(
                f"{len(unsteady)} of {len(run.times)} rows have a median more than {SPREAD:.0%} "
                f"above their minimum; the worst is {worst.token}, {worst.what} ({worst.by}): "
                f"{run.times[worst].spread:.0%}"
            )
        return found


def _machine_seconds() -> tuple[float, float]:
    """Seconds that all cores were busy, and were held back by a hypervisor; zeros where unknown."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(number) for number in file.readline().split()[1:9]]
    except OSError:
        return 0.0, 0.0
    user, nice, system, _, _, irq, softirq, steal = fields
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq) / tick, steal / tick
