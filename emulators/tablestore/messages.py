"""The wire's protobuf messages, taken from the installed SDK's generated modules.

Importing `tablestore.protobuf` the usual way runs the whole SDK (aiohttp, numpy, urllib3: 300 ms
and two warnings). The generated modules depend on protobuf alone, so they are loaded by file,
unless the SDK is in the process already.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


def _load(name: str) -> ModuleType:
    full_name = f"tablestore.protobuf.{name}"
    if full_name in sys.modules:
        return sys.modules[full_name]
    package = importlib.util.find_spec("tablestore")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("the emulator needs the message classes of 'tablestore'")
    path = Path(package.submodule_search_locations[0]) / "protobuf" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"emulators.tablestore._{name}", path)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pb: Any = _load("table_store_pb2")
filter_pb: Any = _load("table_store_filter_pb2")
