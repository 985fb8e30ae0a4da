"""Runs a function instance on a machine whose clock is ahead, so that hours take seconds.

Function Compute's emulator starts this file as the interpreter of its instances (see
`world_clock.WorldClock.python`): it moves `time.time`, then runs the worker that it was asked
for. No function knows. Only modules that come with the interpreter's start are imported here.
"""

from __future__ import annotations

import mmap
import runpy
import sys
import time

OFFSET_BYTES = 8


def move_clock(file: str) -> None:
    """Let `time.time` be ahead by the seconds that this file holds at that moment."""
    with open(file, "rb") as opened:
        ahead = mmap.mmap(opened.fileno(), OFFSET_BYTES, access=mmap.ACCESS_READ)
    true_time, true_time_ns = time.time, time.time_ns
    time.time = lambda: true_time() + int.from_bytes(ahead[:], "big")
    time.time_ns = lambda: true_time_ns() + int.from_bytes(ahead[:], "big") * 1_000_000_000


def main() -> None:
    """Arguments: the clock's file, then what the emulator gives its interpreter."""
    clock_file, _unbuffered, worker, *rest = sys.argv[1:]
    del sys.path[0]
    sys.argv[:] = [worker, *rest]
    move_clock(clock_file)
    runpy.run_path(worker, run_name="__main__")


if __name__ == "__main__":
    main()
