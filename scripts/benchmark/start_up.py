"""Starts a process and measures it until it is ready."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("start_child.py")
BARE, PLAIN = "bare", "plain"
FUNCTIONS = ("create_order", "notify", "license_fetch")
LONGEST_S = 60


class DidNotStart(Exception):
    """The process ended before it was ready; the message has its standard error."""


@dataclass(frozen=True)
class StartUp:
    """From starting the process until it was ready; `uncompiled` counts modules without .pyc."""

    wall_ms: float
    cpu_ms: float
    modules: int
    peak_mib: float
    uncompiled: int


def start_up(what: str, environment: Mapping[str, str], *,
             directories: Sequence[str] = (), wrap: Sequence[str] = ()) -> StartUp:
    """Start `what` (see start_child.py) once. `wrap` is a command that runs the rest."""
    path = list(directories) or [str(ROOT), sysconfig.get_path("purelib"),
                                 sysconfig.get_path("platlib")]
    reading, writing = os.pipe()
    command = [*wrap, sys.executable, "-S", "-s", "-E", str(CHILD), str(writing), what, *path]
    began = time.perf_counter()
    with subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, pass_fds=(writing,)) as process:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            report = pipe.readline()
        wall_ms = (time.perf_counter() - began) * 1000
        _, errors = process.communicate(timeout=LONGEST_S)
    if not report:
        raise DidNotStart(f"{what}: {errors.decode(errors='replace').strip()[-600:]}")
    cpu_s, modules, peak_kib, uncompiled = report.split()
    return StartUp(wall_ms, float(cpu_s) * 1000, int(modules), int(peak_kib) / 1024,
                   int(uncompiled))
