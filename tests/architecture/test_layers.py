"""Nothing points backwards: who may import whom, and who may touch what."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.architecture.sources import ROOT, files, imports, is_ours, name_of, reached_from, tree

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ("shared.errors", "shared.secret", "shared.deadline", "shared.strict_json",
         "shared.base64url")
"""Leaves that anybody outside the domain may use."""

PORTS = ("shared.ports", "shared.license_ports")

MAY_IMPORT = {
    "shared/domain": ("shared.domain",),
    "shared/ports.py": ("shared.domain",),
    "shared/license_ports.py": ("shared.domain",),
    "shared/use_cases": ("shared.use_cases", "shared.domain", *PORTS, "shared.errors",
                         "shared.base64url", "shared.key_set"),
    "shared/adapters": ("shared.adapters", "shared.domain", *PORTS, *SMALL),
    "shared/http": ("shared.http", "shared.domain", *PORTS, "shared.use_cases", "shared.key_set",
                    *SMALL),
    "shared/key_set.py": ("shared.base64url", "shared.strict_json"),
    "shared/base64url.py": (),
    "shared/errors.py": ("shared.messages",),
    "shared/messages.py": (),
    "shared/secret.py": (),
    "shared/strict_json.py": (),
    "shared/deadline.py": ("shared.ports",),
    "shared/log.py": ("shared.ports", "shared.secret", "shared.alarms"),
    "shared/alarms.py": (),
    "shared/settings.py": ("shared.domain", "shared.ports", "shared.secret", "shared.strict_json",
                            "shared.variables"),
    "shared/variables.py": (),
    "functions": ("shared.bootstrap", "shared.http", "shared.use_cases", "shared.errors",
                  "shared.ports", "shared.domain", "shared.key_set", "functions"),
    "emulators": ("emulators",),
}

AT_RUN_TIME = {
    "shared/ports.py": (),
    "shared/http": ("shared.http", "shared.domain", "shared.license_ports", *SMALL),
    "functions": ("shared.bootstrap", "shared.http", "shared.use_cases", "shared.errors"),
    "shared/deadline.py": (),
}
"""What is left of it when types are set aside."""


def starts(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in allowed)


@pytest.mark.parametrize("place", MAY_IMPORT)
def test_a_layer_imports_only_what_lies_below_it(place: str) -> None:
    assert files(place)
    wrong = [(name_of(path), name) for path in files(place) for name in imports(path)
             if is_ours(name) and not starts(name, MAY_IMPORT[place])]
    assert wrong == []


@pytest.mark.parametrize("place", AT_RUN_TIME)
def test_what_is_known_by_type_only_is_not_imported(place: str) -> None:
    wrong = [(name_of(path), name) for path in files(place)
             for name in imports(path, types=False)
             if is_ours(name) and not starts(name, AT_RUN_TIME[place])]
    assert wrong == []


@pytest.mark.parametrize("place", ["shared/domain", "shared/use_cases", "shared/ports.py",
                                   "shared/license_ports.py", "shared/key_set.py",
                                   "shared/base64url.py", "shared/messages.py",
                                   "shared/errors.py", "shared/secret.py", "shared/log.py",
                                   "shared/deadline.py", "shared/settings.py",
                                   "shared/strict_json.py", "shared/variables.py"])
def test_the_rules_need_the_standard_library_alone(place: str) -> None:
    wrong = [(name_of(path), name) for path in files(place) for name in imports(path)
             if not is_ours(name) and name.split(".")[0] not in sys.stdlib_module_names]
    assert wrong == []


def test_what_is_deployed_knows_no_emulator_test_or_script() -> None:
    wrong = [(name_of(path), name) for path in files("shared", "functions")
             for name in imports(path) if starts(name, ("emulators", "tests", "scripts"))]
    assert wrong == []


def test_no_function_imports_another() -> None:
    for path in files("functions"):
        own = ".".join(name_of(path).split(".")[:2])
        assert not [name for name in imports(path)
                    if name.startswith("functions.") and not starts(name, (own,))]


def users(package: str, *places: str) -> set[str]:
    return {str(path.relative_to(ROOT)) for path in files(*places)
            for name in imports(path, types=False) if starts(name, (package,))}


DEPLOYED = ("shared", "functions")
SYSTEM = {"shared/adapters/system.py"}


def test_only_one_file_reads_clock_or_randomness() -> None:
    for package in ("random", "secrets", "uuid"):
        assert users(package, *DEPLOYED) <= SYSTEM, package
    wrong = [(str(path.relative_to(ROOT)), ast.unparse(node)) for path in files(*DEPLOYED)
             for node in ast.walk(tree(path))
             if isinstance(node, ast.Attribute) and ast.unparse(node) in (
                 "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.sleep",
                 "time.perf_counter", "datetime.now", "datetime.utcnow", "datetime.today",
                 "date.today", "os.urandom", "datetime.datetime.now")
             and str(path.relative_to(ROOT)) not in SYSTEM]
    assert wrong == []


def _reads_environment(path: Path) -> bool:
    return any(isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
               for node in ast.walk(tree(path)))


def test_only_settings_and_bootstrap_read_the_environment() -> None:
    readers = {str(path.relative_to(ROOT)) for path in files(*DEPLOYED)
               if _reads_environment(path)}
    assert readers <= {"shared/settings.py", "shared/bootstrap.py"}


@pytest.mark.parametrize(("package", "home"), [
    ("tablestore", "shared/adapters/tablestore/"), ("cryptography", "shared/adapters/"),
    ("urllib3", "shared/adapters/"), ("requests", "nowhere"),
    ("wechatpayv3", "shared/adapters/wechatpay/endpoints.py"),
    ("aliyun_fc2", "nowhere"), ("fc2", "nowhere")])
def test_a_foreign_package_has_one_home(package: str, home: str) -> None:
    assert not [user for user in users(package, *DEPLOYED) if not user.startswith(home)]


def test_pydantic_is_where_models_are() -> None:
    assert users("pydantic", *DEPLOYED) == {"shared/http/contract.py", "shared/http/models.py",
                                            "shared/http/license_contract.py",
                                            "shared/http/operator_contract.py",
                                            "shared/adapters/catalogue_file.py"}


HOT = ("functions.notify.index", "functions.license_fetch.index")


@pytest.mark.parametrize("module", HOT)
def test_a_hot_path_does_not_reach_pydantic(module: str) -> None:
    reached = reached_from(module)
    assert "shared.bootstrap" in reached
    assert not [name for name in reached if starts(name, ("pydantic", "pydantic_core"))]


@pytest.mark.parametrize("module", HOT)
def test_importing_a_hot_path_loads_no_pydantic_and_no_network(module: str) -> None:
    code = (f"import sys, {module}\n"
            "print(*sorted({name.split('.')[0] for name in sys.modules}))")
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True,
                            text=True, check=True).stdout.split()
    assert "shared" in loaded
    assert not {"pydantic", "requests", "wechatpayv3", "tests", "emulators"} & set(loaded)


def _does_something(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    return isinstance(node, ast.For | ast.While | ast.With | ast.Delete)


def test_importing_a_module_does_nothing() -> None:
    wrong = [f"{name_of(path)}:{node.lineno}" for path in files(*DEPLOYED)
             for node in tree(path).body if _does_something(node)]
    assert wrong == []


def test_every_module_postpones_its_annotations_and_says_what_it_is() -> None:
    for path in files(*DEPLOYED):
        if path.read_text(encoding="utf-8").strip():
            body = tree(path)
            assert ast.get_docstring(body), name_of(path)
            if len(body.body) > 1:
                assert "__future__" in imports(path), name_of(path)
