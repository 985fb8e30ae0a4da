"""Leases of gifts, whole seconds, and an id that stays what it was."""

from __future__ import annotations

import pytest

from shared.domain.lease import Window, claims, window_at
from shared.domain.license import DAY_S
from tests.unit.domain.test_lease import FOR_EVER, MIDNIGHT_S, MONTH, THUMB, window_of
from tests.unit.domain.test_license import grant, license_of


@pytest.mark.parametrize("kind", ["gift", "import", "trial"])
def test_what_nobody_paid_for_has_no_first_week(kind: str) -> None:
    """There is no refund to be short for."""
    given = license_of(grant(1, term_days=None, at_s=MIDNIGHT_S, kind=kind))
    assert given.newest_payment_at_s is None
    assert window_at(given, MIDNIGHT_S) == Window(
        MIDNIGHT_S, MIDNIGHT_S + 14 * DAY_S, 7 * DAY_S)
    paid = license_of(grant(1, term_days=None, at_s=MIDNIGHT_S))
    assert window_of(paid, MIDNIGHT_S).ends_at_s == MIDNIGHT_S + 3 * DAY_S


@pytest.mark.parametrize(("lease_s", "due_s"), [
    (4 * DAY_S, 2 * DAY_S), (4 * DAY_S + 1, 2 * DAY_S), (4 * DAY_S + 3, 2 * DAY_S + 1),
    (DAY_S + 1, DAY_S), (DAY_S - 1, DAY_S - 1)])
def test_a_refresh_is_due_at_a_whole_second(lease_s: int, due_s: int) -> None:
    due_at_s = Window(MIDNIGHT_S, MIDNIGHT_S + lease_s, 0).refresh_at_s
    assert (due_at_s, type(due_at_s)) == (MIDNIGHT_S + due_s, int)


def test_the_id_of_a_lease_never_changes() -> None:
    """Leases are in browsers' hands: these ids were given when the format was fixed."""
    window = Window(MIDNIGHT_S, MIDNIGHT_S + 20, 5)
    assert [claims(license_, THUMB, window, "https://shop.example")["jti"]
            for license_ in (MONTH, FOR_EVER)] == [
        "SYFVK4WDTHVJC90RH6BN7CMJDZ", "EAJD672STXVF4MEE0PSYB20A00"]
