"""The packages themselves: their content, and their handlers run from the package alone."""

from __future__ import annotations

import json
import subprocess
import zipfile
from email.parser import HeaderParser
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.packaging.build import Built
from scripts.packaging.contents import LEFT_OUT, PACKAGES
from scripts.packaging.targets import TARGETS
from tests.packaging.conftest import TARGET, build_or_skip

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_ZIP_BYTES = 20_000_000
UNCHECKED_HASH = b"\x01\x00\x00\x00"  # PEP 552: hash-based, the source is not looked at

Packages = dict[str, Built]


def names_in(built: Built) -> set[str]:
    with zipfile.ZipFile(built.archive) as archive:
        return set(archive.namelist())


def test_building_again_gives_the_same_bytes(packages: Packages, tmp_path: Path) -> None:
    again = build_or_skip("notify", tmp_path)
    assert again.sha256 == packages["notify"].sha256


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_small_and_loads_on_the_runtime(packages: Packages, name: str) -> None:
    assert packages[name].zipped_bytes <= LARGEST_ZIP_BYTES
    assert (2, 17) <= packages[name].glibc <= TARGET.glibc


@pytest.mark.parametrize(("name", "absent"), [
    ("create-order", {"numpy", "wechatpayv3", "requests", "pycparser", "enum"}),
    ("notify", {"numpy", "wechatpayv3", "requests", "pydantic", "pydantic_core", "enum"}),
    ("license-fetch", {"numpy", "wechatpayv3", "requests", "pydantic", "pydantic_core", "enum"}),
    *((name, {"numpy", "pycparser", "enum", "Crypto"}) for name in ("timers", "admin"))])
def test_a_package_lacks_what_its_function_never_imports(
        packages: Packages, name: str, absent: set[str]) -> None:
    top = {path.partition("/")[0].partition(".")[0] for path in names_in(packages[name])}
    assert {"index", "shared", "tablestore", "cryptography", "urllib3"} <= top
    assert not top & absent


@pytest.mark.parametrize("name", PACKAGES)
def test_no_tests_stubs_or_foreign_binaries_are_shipped(packages: Packages, name: str) -> None:
    names = names_in(packages[name])
    assert not [path for path in names if path.endswith((".pyi", ".c", ".h", ".dylib", ".pyx"))]
    assert not [path for path in names if "/tests/" in path or "darwin" in path]
    assert not [path for path in names if "ots_sdk.so" in path]


@pytest.mark.parametrize("name", PACKAGES)
def test_the_folder_and_the_zip_hold_the_same(packages: Packages, name: str) -> None:
    folder = packages[name].folder
    with zipfile.ZipFile(packages[name].archive) as archive:
        for entry in archive.infolist():
            assert archive.read(entry) == (folder / entry.filename).read_bytes()
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert len(archive.namelist()) == sum(path.is_file() for path in folder.rglob("*"))


@pytest.mark.parametrize("name", PACKAGES)
def test_every_module_has_bytecode_that_needs_no_file_times(
        packages: Packages, name: str, python: str) -> None:
    names = names_in(packages[name])
    tag = "cpython-" + TARGET.python.replace(".", "")
    for path in sorted(names):
        if path.endswith(".py"):
            folder, _, file = path.rpartition("/")
            cached = f"{folder}/__pycache__/{file[:-3]}.{tag}.pyc".lstrip("/")
            assert cached in names
            assert (packages[name].folder / cached).read_bytes()[4:8] == UNCHECKED_HASH


@pytest.mark.parametrize("name", PACKAGES)
def test_everything_that_a_distribution_requires_is_there_or_left_out_for_a_reason(
        packages: Packages, name: str) -> None:
    present: set[str] = set()
    required: list[tuple[str, str]] = []
    for path in sorted(packages[name].folder.glob("*.dist-info/METADATA")):
        metadata = HeaderParser().parsestr(path.read_text(encoding="utf-8"))
        own = canonicalize_name(metadata["Name"])
        present.add(own)
        for text in metadata.get_all("Requires-Dist") or []:
            requirement = Requirement(text)
            environment = {**TARGET.environment, "extra": ""}
            if requirement.marker is None or requirement.marker.evaluate(environment):
                required.append((own, canonicalize_name(requirement.name)))
    assert present == set(PACKAGES[name].distributions)
    assert [pair for pair in required if pair[1] not in present and pair not in LEFT_OUT] == []


LOAD = """
import json, sys
sys.path.insert(0, sys.argv[1])
import index
early = sorted(name for name in sys.modules if "." not in name)
import shared.adapters.tablestore.client, shared.adapters.tablestore.wire
import shared.adapters.wechatpay.notify, shared.adapters.wechatpay.gateway
import shared.adapters.wechatpay.http_client, shared.adapters.ed25519_issuer
import tablestore, urllib3, certifi, ssl
assert callable(index.handler) and callable(index.initialize)
outside = sorted(name for name, module in sys.modules.items()
                 if "site-packages" in (getattr(module, "__file__", None) or ""))
ssl.create_default_context(cafile=certifi.where())
print(json.dumps({"early": early, "outside": outside, "tablestore": tablestore.__file__,
                  "cached": index.__cached__}))
"""


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_loads_by_itself_under_the_runtime_s_own_python(
        packages: Packages, name: str, python: str, tmp_path: Path) -> None:
    folder = packages[name].folder
    done = subprocess.run([python, "-I", "-S", "-B", "-c", LOAD, str(folder)], cwd=tmp_path,
                          env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["outside"] == []
    assert seen["tablestore"].startswith(str(folder))
    assert seen["cached"].endswith(f"index.cpython-{TARGET.python.replace('.', '')}.pyc")
    heavy = {"tablestore", "cryptography", "urllib3", "numpy", "requests", "wechatpayv3"}
    assert not heavy & set(seen["early"])
    assert ("pydantic" in seen["early"]) is (name in ("create-order", "admin"))


LOAD_ENDPOINTS = """
import sys
sys.path.insert(0, sys.argv[1])
from shared.adapters.wechatpay.endpoints import open_endpoints
from shared.domain.payment import Payee
class Transport:
    base_url = "https://api.mch.weixin.qq.com"
assert callable(open_endpoints(Transport(), Payee("1", "wx")).trade_bill)
import requests
assert requests.__file__.startswith(sys.argv[1])
"""


@pytest.mark.parametrize("name", ["timers", "admin"])
def test_a_package_that_needs_wechatpayv3_can_open_its_endpoints(
        packages: Packages, name: str, python: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [python, "-I", "-S", "-B", "-W", "error", "-c", LOAD_ENDPOINTS,
         str(packages[name].folder)], cwd=tmp_path, env={}, capture_output=True, text=True,
        check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_can_be_built_for_the_newer_runtime(name: str, tmp_path: Path) -> None:
    built = build_or_skip(name, tmp_path, TARGETS["python3.12"])
    assert built.glibc <= TARGETS["python3.12"].glibc
    assert not list(built.folder.glob("async_timeout*"))
