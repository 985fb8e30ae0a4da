"""The platforms that packages are built for: a runtime's Python and its C library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A built-in runtime of Function Compute (x86_64)."""

    runtime: str
    python: str
    glibc: tuple[int, int]

    @property
    def platforms(self) -> list[str]:
        """Wheel platform tags that the runtime can load, the newest first."""
        tags = [f"manylinux_2_{minor}_x86_64" for minor in range(self.glibc[1], 16, -1)]
        return [*tags, "manylinux2014_x86_64"]

    @property
    def environment(self) -> dict[str, str]:
        """What environment markers see there; pip would ask the interpreter that runs it."""
        return {
            "implementation_name": "cpython", "implementation_version": f"{self.python}.0",
            "os_name": "posix", "platform_machine": "x86_64",
            "platform_python_implementation": "CPython", "platform_release": "",
            "platform_system": "Linux", "platform_version": "",
            "python_full_version": f"{self.python}.0", "python_version": self.python,
            "sys_platform": "linux",
        }


TARGETS = {
    "python3.10": Target("python3.10", "3.10", (2, 28)),  # Debian 10
    "python3.12": Target("python3.12", "3.12", (2, 31)),  # Debian 11
}
DEFAULT_RUNTIME = "python3.10"
