"""How s.yaml takes its values: secrets without default, everything else with one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from emulators.fc.rendered import read
from shared.variables import ALL
from tests.deploy.rendering import LARGE_VALUES, ROOT, SECRETS, preview
from tests.deploy.rules import functions, secret_variables

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (ROOT / "s.yaml").read_text(encoding="utf-8")
USES = re.findall(r"env\('([A-Z0-9_]+)'(, '[^']*')?\)", TEXT)
LITERAL_SECRET = re.compile(
    r"-----BEGIN|LTAI[A-Za-z0-9]{12}|STS\.[A-Za-z0-9]{12}|[A-Za-z0-9+/=_-]{40,}")


def test_the_secrets_here_are_those_of_the_settings() -> None:
    assert {variable.name for variable in secret_variables()} == set(SECRETS)


def test_a_secret_has_no_default_and_everything_else_has_one() -> None:
    without_default = {name for name, default in USES if not default}
    assert without_default == set(SECRETS)
    assert not without_default & {name for name, default in USES if default}


def test_every_reference_to_the_environment_is_understood_here() -> None:
    assert len(USES) == TEXT.count("env('")
    assert not re.search(r"env\(\s|env\(\"|file\(", TEXT)


@pytest.mark.parametrize(("name", "readers"), [
    ("TONGBAO_PAYER_PEPPER", ["create-order", "notify", "license-fetch", "timers", "admin"])])
def test_a_secret_that_may_be_absent_has_an_empty_default_and_its_own_readers(
        document: dict[str, Any], name: str, readers: list[str]) -> None:
    assert TEXT.count(f"env('{name}', '')") == 1
    assert [function for function, resource in functions(document).items()
            if name in resource["props"]["environmentVariables"]] == readers


def test_a_secret_stands_alone_in_its_own_variable() -> None:
    for name in SECRETS:
        lines = [line.strip() for line in TEXT.splitlines() if name in line]
        assert set(lines) == {f"{name}: \"${{env('{name}')}}\""}


def test_no_line_looks_like_a_secret() -> None:
    assert [line for line in TEXT.splitlines() if LITERAL_SECRET.search(line)] == []


@pytest.mark.parametrize("line", [
    'KEY: "-----BEGIN PRIVATE KEY-----"', "id: LTAI5tABCDEFGHIJKLMN",
    "KEY: " + "Ab1_" * 11])
def test_a_secret_in_a_line_would_be_seen(line: str) -> None:
    assert LITERAL_SECRET.search(line)


@pytest.mark.parametrize("missing", SECRETS)
def test_a_missing_secret_stops_the_deployment(missing: str, tmp_path: Path) -> None:
    done = preview(tmp_path, {name: value for name, value in SECRETS.items() if name != missing})
    assert done.returncode != 0
    assert f"env('{missing}') not found" in done.stdout + done.stderr


def test_the_secrets_alone_are_enough_to_render(tmp_path: Path) -> None:
    done = preview(tmp_path, SECRETS)
    assert done.returncode == 0
    rendered = json.loads(done.stdout)
    names = {resource["props"]["functionName"] for resource in functions(rendered).values()}
    assert names == {f"tongbao-dev-{name}" for name in ALL}


def test_values_come_through_as_they_are(document: dict[str, Any]) -> None:
    variables = {name: value for resource in functions(document).values()
                 for name, value in resource["props"]["environmentVariables"].items()}
    for name, value in {**SECRETS, **LARGE_VALUES}.items():
        assert variables[name] == value


def test_the_stage_names_functions_and_roles(tmp_path: Path) -> None:
    done = preview(tmp_path, {**SECRETS, "TONGBAO_STAGE": "prod"})
    for name, resource in functions(json.loads(done.stdout)).items():
        assert resource["props"]["functionName"] == f"tongbao-prod-{name}"
        assert resource["props"]["role"].endswith(f":role/tongbao-prod-{name}")


def test_the_emulator_runs_all_of_it(document: dict[str, Any]) -> None:
    rendered = read(document)
    assert [spec.resource for spec in rendered.functions] == list(ALL)
    assert rendered.notes == ()
