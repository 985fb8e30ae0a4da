"""Runs in the process that is measured: start one thing, then say what that took.

    python -S -s -E start_child.py FD WHAT DIRECTORY…

WHAT is bare, plain, or a function's package below functions/; directories go to sys.path, as
Function Compute's runtime does it. `-S` keeps this machine's .pth files out of the comparison.
"""

from __future__ import annotations

import sys


def start(what: str) -> object:
    """Start it; the result is kept alive until the measure is taken."""
    if what == "bare":
        return None
    if what == "plain":
        from scripts.benchmark import plain_stack

        return plain_stack.wechatpay_client(), plain_stack.tablestore_client()
    module = __import__(f"functions.{what}.index", fromlist=["initialize"])
    module.initialize(None)
    return module


def peak_kib() -> int:
    """Peak of resident memory; getrusage would carry over that of the parent."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def lacks_pyc(module: object) -> bool:
    """Whether this module had to be compiled at import; it would blur the comparison."""
    import os

    cached = getattr(module, "__cached__", None)
    return (cached is not None and "Frozen" not in repr(getattr(module, "__loader__", None))
            and not os.path.exists(cached))


def main() -> None:
    """See the module's docstring."""
    sys.path[:] = sys.argv[3:] + [entry for entry in sys.path if "site-packages" not in entry]
    kept = start(sys.argv[2])
    import os
    import time

    cpu_s, modules = time.process_time(), len(sys.modules)
    uncompiled = sum(map(lacks_pyc, list(sys.modules.values())))
    report = f"{cpu_s} {modules} {peak_kib()} {uncompiled}"
    os.write(int(sys.argv[1]), report.encode())
    os._exit(0 if kept is not main else 1)


if __name__ == "__main__":
    main()
