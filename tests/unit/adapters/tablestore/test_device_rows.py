"""Devices and the open request in a license's row: written, read back, and never guessed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.tablestore import license_rows
from shared.adapters.tablestore.cells import CorruptRow
from shared.adapters.tablestore.writers import mark
from shared.domain.activation import claim_slot, forget_devices, restore_slot
from shared.domain.device import Wanted, Way
from tests.fakes.samples import NOW_S
from tests.unit.adapters.tablestore.writes import LICENSE

if TYPE_CHECKING:
    from shared.domain.license import License

TWO = claim_slot(LICENSE, Wanted("A" * 43, "chrome/macos"), NOW_S)
for number, way in enumerate([Way.ORDER_NUMBER, Way.LICENSE_KEY]):
    TWO = restore_slot(TWO, Wanted(f"{number}" * 43), way, None, NOW_S + number)
ASKED = restore_slot(TWO, Wanted("Z" * 43, "edge/windows"), Way.ORDER_NUMBER,
                     TWO.devices[0].device_id, NOW_S + 9)
Columns = dict[str, Any]


def row_of(license_: License) -> Columns:
    return {**license_rows.new_row(license_), **mark(license_.version, "token")}


def read(row: Columns) -> License:
    return license_rows.read_license(LICENSE.license_id, row)


ROW = row_of(ASKED)
DEVICES, TAKEOVER = json.loads(ROW["devices"]), json.loads(ROW["takeover"])


def written(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("license_", [
    LICENSE, TWO, ASKED,
    forget_devices(ASKED, now_s=NOW_S + 20, actor="operator:li", source="admin")])
def test_devices_and_requests_come_back_as_they_were(license_: License) -> None:
    assert read(row_of(license_)) == license_
    assert written(DEVICES) == ROW["devices"]


def test_who_has_neither_says_so() -> None:
    row = row_of(LICENSE)
    assert (row["devices"], row["takeover"]) == ("[]", "null")


def test_what_went_leaves_nothing_behind() -> None:
    gone = forget_devices(ASKED, now_s=NOW_S + 20, actor="operator:li", source="admin")
    assert "Z" * 43 in str(ROW)
    after = {**ROW, **license_rows.changes(gone)}
    for thumbprint in ("A" * 43, "0" * 43, "1" * 43, "Z" * 43):
        assert thumbprint not in str(after)
    assert "chrome" not in str(after)
    assert "edge" not in str(after)


def device(**changes: Any) -> str:
    first = {name: value for name, value in {**DEVICES[0], **changes}.items() if value != ...}
    return written([first, *DEVICES[1:]])


def takeover(**changes: Any) -> str:
    return written({name: value for name, value in {**TAKEOVER, **changes}.items()
                    if value != ...})


WRONG_DEVICES = [
    "", "{}", "null", "[1]", "[[]]", "[null]", "[{}]", "[", written(DEVICES[0]),
    written(DEVICES).replace(",", ", "), device(more=1),
    *(device(**{name: ...}) for name in DEVICES[0]),
    *(device(**{name: 1}) for name in ("device_id", "thumbprint", "platform", "way")),
    *(device(**{name: None}) for name in DEVICES[0]),
    *(device(**{name: wrong}) for name in ("activated_at_s", "dark_at_s")
      for wrong in ("1", 1.0, True)),
    device(way="stolen"), device(way="CLAIM"), device(way="")]
WRONG_TAKEOVERS = [
    "", "[]", "{}", "1", "{", takeover(more=1), takeover(way="stolen"),
    *(takeover(**{name: ...}) for name in TAKEOVER),
    *(takeover(**{name: None}) for name in TAKEOVER),
    *(takeover(**{name: 1}) for name in TAKEOVER if name != "asked_at_s"),
    *(takeover(asked_at_s=wrong) for wrong in ("1", 1.0, True))]


@pytest.mark.parametrize(("column", "text"), [
    *(("devices", text) for text in WRONG_DEVICES),
    *(("takeover", text) for text in WRONG_TAKEOVERS)])
def test_what_we_never_write_is_refused(column: str, text: str) -> None:
    good = {"devices": device(), "takeover": takeover()}
    assert read({**ROW, **good}) == ASKED
    with pytest.raises(CorruptRow) as caught:
        read({**ROW, column: text})
    assert "A" * 43 not in str(caught.value)


@pytest.mark.parametrize("column", ["devices", "takeover"])
@pytest.mark.parametrize("value", [None, 1, b"[]", True, ...])
def test_a_missing_column_or_one_of_another_type_is_refused(column: str, value: object) -> None:
    row = {name: cell for name, cell in {**ROW, column: value}.items() if cell != ...}
    with pytest.raises(CorruptRow):
        read(row)


@pytest.mark.parametrize("name", ["order_id", "device_limit"])
def test_a_grant_of_before_there_were_devices_is_refused_and_not_guessed_at(name: str) -> None:
    grant = json.loads(ROW["g0001"])
    assert read({**ROW, "g0001": written(grant)}) == ASKED
    old = {key: value for key, value in grant.items() if key != name}
    for text in (written(old), written({**old, "kid": "k1"}), written({**grant, "kid": "k1"})):
        with pytest.raises(CorruptRow):
            read({**ROW, "g0001": text})


@given(st.text(max_size=30), st.integers(-2**63, 2**63 - 1), st.sampled_from(list(Way)))
def test_whatever_a_device_is_called_comes_back(text: str, at_s: int, way: Way) -> None:
    if "\0" in text:
        return
    row = {**ROW, "devices": device(platform=text, dark_at_s=at_s, way=way.value)}
    first = read(row).devices[0]
    assert (first.platform, first.dark_at_s, first.way) == (text, at_s, way)
