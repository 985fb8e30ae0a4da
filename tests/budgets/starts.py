"""Starts a function in a process of its own and looks at what that left there. No timing."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.benchmark.start_up import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOK = """
import gc, importlib, json, os, sys
sys.path[:] = sys.argv[2:] + [entry for entry in sys.path if "site-packages" not in entry]
bare = set(sys.modules)
function = importlib.import_module(f"functions.{sys.argv[1]}.index")
imported = set(sys.modules) - bare
function.initialize(None)
initialized = set(sys.modules) - bare
gc.unfreeze()
ssl, urllib3 = sys.modules.get("ssl"), sys.modules.get("urllib3")
alive = gc.get_objects()
contexts = [each for each in alive if ssl and isinstance(each, ssl.SSLContext)]
pools = [each for each in alive if urllib3 and isinstance(each, urllib3.HTTPConnectionPool)]
print(json.dumps({"imported": sorted(imported), "initialized": sorted(initialized),
                  "certificates": sum(len(each.get_ca_certs()) for each in contexts),
                  "connection_pools": len(pools),
                  "certificate_file": os.environ.get("SSL_CERT_FILE")}))
"""


@dataclass(frozen=True)
class Started:
    """Modules after the import and after `initialize`, beyond those of a bare interpreter;
    certificates in all TLS contexts, open connection pools, and the SSL_CERT_FILE left.
    """

    imported: frozenset[str]
    initialized: frozenset[str]
    certificates: int
    connection_pools: int
    certificate_file: str | None


class StartFailed(AssertionError):
    """The process ended with an error."""


def start(function: str, environment: Mapping[str, str]) -> Started:
    """Import functions.<function>.index and initialize it, as Function Compute does."""
    path = [str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    done = subprocess.run(
        [sys.executable, "-S", "-s", "-E", "-c", LOOK, function, *path], check=False,
        env=dict(environment), capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise StartFailed(done.stderr[-800:])
    found = json.loads(done.stdout.splitlines()[-1])
    return Started(frozenset(found["imported"]), frozenset(found["initialized"]),
                   found["certificates"], found["connection_pools"],
                   found["certificate_file"])


def packages(modules: frozenset[str]) -> set[str]:
    """The top-level names of these modules."""
    return {name.partition(".")[0] for name in modules}
