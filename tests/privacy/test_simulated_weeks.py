"""A town over weeks: nothing in its rows, its log or its tokens is personal or secret."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from scripts.simulation.export import tables
from scripts.simulation.town import Settings, Town
from shared.domain import license_key
from shared.log import JsonLog
from tests.fakes.clock import FakeClock
from tests.fakes.issuer import FakeLicenseIssuer
from tests.fakes.samples import LICENSE_KEYS
from tests.privacy.declared import LEASE, LOG, TABLES
from tests.privacy.looking import claims_wrong, lines_wrong, tables_wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.auditing.access_log import LogLine

WORDS_OF_BUYERS = "it does not work"
SEED, ORDERS = 10, 60


@pytest.fixture(scope="module")
def town() -> Town:
    """Weeks in which nearly everything happened."""
    town = Town(SEED, Settings(ORDERS))
    town.run()
    assert {table for table, rows in tables(town.world).items() if rows} == set(TABLES)
    return town


@pytest.fixture(scope="module")
def rows(town: Town) -> dict[str, list[dict[str, Any]]]:
    return tables(town.world)


@pytest.fixture(scope="module")
def lines(town: Town) -> list[str]:
    return [as_written(line) for line in town.log]


@pytest.fixture(scope="module")
def known(town: Town) -> list[str]:
    """Every secret of every buyer, every token, and the words in complaints and answers."""
    keys = [LICENSE_KEYS.new(order.order_id) for order in town.world.orders.all()]
    return [*(buyer.secret for buyer in town.buyers), *(buyer.key for buyer in town.buyers),
            *keys, *map(license_key.shown, keys), *town.issuer.tokens, WORDS_OF_BUYERS,
            *(text for _, text in town.world.complaint_desk.answers)]


def as_written(line: LogLine) -> str:
    """A fact as the functions' own log writes it."""
    stream = io.StringIO()
    JsonLog(stream, FakeClock(line.at_s), str(line.fields["function"])).fact(
        line.fact, **{name: value for name, value in line.fields.items() if name != "function"})
    return stream.getvalue()


def test_no_row_holds_anything_else_than_declared(rows: dict[str, list[dict[str, Any]]],
                                                  known: list[str]) -> None:
    assert tables_wrong(rows, known) == []


def test_no_line_of_the_log_holds_anything_else_than_declared(lines: list[str],
                                                              known: list[str]) -> None:
    assert len(lines) > 1_000
    assert lines_wrong(lines, known) == []


def test_no_lease_says_anything_else_than_declared(town: Town) -> None:
    secrets = [buyer.secret for buyer in town.buyers]
    assert len(town.issuer.tokens) > 200
    for token in town.issuer.tokens:
        assert claims_wrong(FakeLicenseIssuer.read(token), LEASE, secrets) == []


def personal(town: Town) -> dict[str, str]:
    """One of each that must be nowhere."""
    order = next(iter(town.world.orders.all()))
    key = LICENSE_KEYS.new(order.order_id)
    return {"an openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "a license key": key,
            "a license key as shown": license_key.shown(key),
            "a claim secret": town.buyers[0].secret, "an IP address": "203.0.113.77",
            "an IPv6 address": "2001:db8:0:1:1:1:1:1", "a lease": next(iter(town.issuer.tokens)),
            "words": WORDS_OF_BUYERS, "a telephone number": "13800138000",
            "a token": "eyJhbGciOiJFUzI1NiJ9.eyJodG0iOiJQT1NUIn0.c2ln"}


def test_whatever_is_planted_in_any_column_is_found(
        town: Town, rows: dict[str, list[dict[str, Any]]], known: list[str]) -> None:
    for table, column, row in _first_of_each_column(rows):
        for what, value in personal(town).items():
            planted: Any = {**row, column: _with(row[column], value)}
            found = tables_wrong({table: [planted]}, known)
            assert any("holds" in one for one in found), (table, column, what)


def test_whatever_is_planted_in_any_field_of_the_log_is_found(town: Town, lines: list[str],
                                                              known: list[str]) -> None:
    first: dict[str, dict[str, Any]] = {}
    for line in lines:
        for field in json.loads(line):
            first.setdefault(field, json.loads(line))
    assert len(first) > 25
    for field, line in first.items():
        for what, value in personal(town).items():
            planted = json.dumps({**line, field: _with(line[field], value)})
            assert any("holds" in one for one in lines_wrong([planted], known)), (field, what)


@pytest.mark.parametrize("changed", [
    lambda row: {**row, "label": "my old laptop"},
    lambda row: {**row, "devices": row["devices"].replace(
        '"platform"', '"label":"Li\'s laptop","platform"')},
    lambda row: {**row, "devices": row["devices"].replace("chrome/windows", "Li's laptop")}])
def test_a_label_is_found_as_column_as_part_and_as_value(
        rows: dict[str, list[dict[str, Any]]],
        changed: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    row = next(row for row in rows["licenses"] if row["devices"] != "[]")
    assert tables_wrong({"licenses": [row]}, []) == []
    assert tables_wrong({"licenses": [changed(row)]}, []) != []


def test_a_field_of_the_log_that_nobody_declared_is_found(town: Town) -> None:
    line = town.log[0]
    assert "label" not in LOG
    planted = replace_fields(line, label="mine")
    assert lines_wrong([as_written(planted)], []) == ["log.label is not declared"]


def replace_fields(line: LogLine, **more: str) -> LogLine:
    """The same with more fields."""
    return line._replace(fields={**line.fields, **more})


def test_a_claim_that_nobody_declared_is_found(town: Town) -> None:
    claims = FakeLicenseIssuer.read(next(iter(town.issuer.tokens)))
    assert claims_wrong(claims, LEASE, []) == []
    assert claims_wrong({**claims, "email": "li@example.com"}, LEASE, []) == [
        "token has not the form that is declared", "token holds an e-mail address"]


def _first_of_each_column(rows: dict[str, list[dict[str, Any]]]) -> list[
        tuple[str, str, dict[str, Any]]]:
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for table, some in rows.items():
        for row in some:
            for column in row:
                first.setdefault((table, column), row)
    return [(table, column, row) for (table, column), row in first.items()]


def _with(value: Any, planted: str) -> Any:
    """A value with something personal in it: between words, or in place of a number."""
    return f"{value} {planted}" if isinstance(value, str) else planted
