"""`scripts/package`: builds the named functions, or all, and says how large they are."""

from __future__ import annotations

import os
import subprocess
import sys

from scripts.packaging.build import ROOT, BuildError, Built, build
from scripts.packaging.bytecode import find_python
from scripts.packaging.contents import PACKAGES
from scripts.packaging.lock import LockError
from scripts.packaging.staging import StagingError
from scripts.packaging.targets import DEFAULT_RUNTIME, TARGETS
from scripts.packaging.wheels import FetchError


def main(arguments: list[str]) -> int:
    """Exit code 0 when everything was built, 1 with the reason otherwise, 2 for a wrong name."""
    runtime = os.environ.get("TONGBAO_RUNTIME", DEFAULT_RUNTIME)
    unknown = [name for name in arguments if name not in PACKAGES]
    if unknown or runtime not in TARGETS:
        print(f"scripts/package: no {', '.join(unknown) or runtime}; there are: "
              f"{', '.join(PACKAGES if unknown else TARGETS)}", file=sys.stderr)
        return 2
    target = TARGETS[runtime]
    python = find_python(target)
    if python is None:
        print(f"note: no Python {target.python} here, so the packages carry no bytecode "
              "and cold starts take about twice as long", file=sys.stderr)
    output = ROOT / "build"
    output.mkdir(exist_ok=True)
    try:
        built = [build(name, output, target, python) for name in arguments or PACKAGES]
    except (LockError, FetchError, StagingError, BuildError) as error:
        print(f"scripts/package: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"scripts/package: a module does not compile:\n{error.stdout}", file=sys.stderr)
        return 1
    print(table(built))
    return 0


def table(built: list[Built]) -> str:
    """One line per package."""
    lines = [f"{'function':<16}{'files':>7}{'MB':>8}{'MB zip':>8}{'GLIBC':>7}  sha256"]
    lines += [f"{one.name:<16}{one.files:>7}{one.unzipped_bytes / 1e6:>8.1f}"
              f"{one.zipped_bytes / 1e6:>8.2f}{'.'.join(map(str, one.glibc)):>7}  {one.sha256}"
              for one in built]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
