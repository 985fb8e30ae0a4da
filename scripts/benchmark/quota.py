"""A share of a CPU, as small as Function Compute sells it, through Linux control groups."""

from __future__ import annotations

import contextlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

V1 = Path("/sys/fs/cgroup/cpu")
V2 = Path("/sys/fs/cgroup")
PERIOD_US = 100_000


class NoQuota(Exception):
    """This machine does not let us limit a process; the message says why."""


@contextmanager
def cpu_share(share: float) -> Iterator[list[str]]:
    """A command prefix under which a command gets `share` of one CPU; raises NoQuota."""
    group = _make_group()
    try:
        _limit(group, share)
        yield ["/bin/sh", "-c", f'echo $$ > {group / "cgroup.procs"} && exec "$0" "$@"']
    finally:
        with contextlib.suppress(OSError):  # what was measured may still be ending
            group.rmdir()


def _make_group() -> Path:
    parent = V1 if (V1 / "cpu.cfs_quota_us").exists() or (V1 / "cgroup.procs").exists() else V2
    group = parent / f"tongbao-bench-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        raise NoQuota(f"no control group can be made in {parent}: {error.strerror}") from None
    return group


def _limit(group: Path, share: float) -> None:
    quota_us = int(share * PERIOD_US)
    try:
        if (group / "cpu.max").exists():
            (group / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(quota_us))
    except OSError as error:
        raise NoQuota(f"the CPU share cannot be set: {error.strerror}") from None
