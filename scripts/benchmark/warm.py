"""CPU time of one operation in this process, warm."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET_NS = 40_000_000


def batch_size(operation: Callable[[], object]) -> int:
    """How often to repeat it so that a batch takes about 40 ms; also warms it up."""
    for _ in range(20):
        operation()
    return max(1, TARGET_NS // max(1, _batch_ns(operation, 20) // 20))


def cpu_us(operation: Callable[[], object], times: int) -> float:
    """Microseconds of CPU time per call, over one batch."""
    gc.collect()
    return _batch_ns(operation, times) / times / 1000


def _batch_ns(operation: Callable[[], object], times: int) -> int:
    began = time.process_time_ns()
    for _ in range(times):
        operation()
    return time.process_time_ns() - began
