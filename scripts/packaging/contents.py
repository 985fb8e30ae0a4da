"""What goes into which package, and why the rest does not. The one table to edit."""

from __future__ import annotations

from dataclasses import dataclass

STORE = (
    "tablestore", "aiohttp", "aiohappyeyeballs", "aiosignal", "async-timeout", "attrs", "certifi",
    "crc32c", "flatbuffers", "frozenlist", "future", "idna", "multidict", "propcache", "protobuf",
    "six", "typing-extensions", "urllib3", "yarl")
CRYPTOGRAPHY = ("cryptography", "cffi")
MODELS = ("pydantic", "pydantic-core", "annotated-types", "typing-extensions", "typing-inspection")
WECHATPAY = ("wechatpayv3", "requests", "charset-normalizer")
"""Refunds, bills and complaints: its endpoint methods; requests comes along and stays unused."""


@dataclass(frozen=True)
class Package:
    """One function: the folder of its handler and the distributions that it imports."""

    source: str
    distributions: tuple[str, ...]


PACKAGES = {
    "create-order": Package("functions/create_order", (*STORE, *CRYPTOGRAPHY, *MODELS)),
    "notify": Package("functions/notify", (*STORE, *CRYPTOGRAPHY)),
    "license-fetch": Package("functions/license_fetch", (*STORE, *CRYPTOGRAPHY)),
    "timers": Package("functions/timers", (*STORE, *CRYPTOGRAPHY, *MODELS, *WECHATPAY)),
    "admin": Package("functions/admin", (*STORE, *CRYPTOGRAPHY, *MODELS, *WECHATPAY)),
}

LEFT_OUT = {
    ("tablestore", "numpy"): "flatbuffers works without it; 59 MB",
    ("cffi", "pycparser"): "only reads C declarations at build time",
}
"""(distribution, its requirement) that is not packaged, and why that works."""

LEFT_OUT_FILES = (
    "*.pyi", "py.typed", "*.c", "*.h", "*.hpp", "*.cpp", "*.pyx", "*.pxd", "*.pxi", "*.hash",
    "*.dylib", "*darwin*.so", "*.dist-info/RECORD", "*.dist-info/WHEEL",
    "*.dist-info/top_level.txt", "*.dist-info/entry_points.txt",
    "*.dist-info/direct_url.json", "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED", "*.dist-info/sboms/*",
    "*/tests/*", "*/test/*", "*/testing/*", "tests/*", "examples/*",
    "*/ots_sdk*.so", "*/native_plainbuffer*.so",  # a second codec; the store uses the first
    "*/_testcapi*.so",
    "cffi/*",             # cryptography needs the backend beside it, not the package
    "pydantic/v1/*", "pydantic/mypy.py", "pydantic/_hypothesis_plugin.py",
    "future/backports/*", "libfuturize/*", "libpasteurize/*", "past/*",
)
"""Patterns (fnmatch, on the path within a wheel) of files that a function never opens."""
