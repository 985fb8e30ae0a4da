"""A new device's request for a slot, as docs/licenses.md "Restore" has it."""

from __future__ import annotations

import pytest

from shared.domain.activation import (
    decide_takeover,
    open_takeover,
    restore_slot,
)
from shared.domain.device import Refusal, Takeover, Way
from shared.domain.device_list import device_list
from shared.domain.history import Event, verify_chain
from shared.domain.identifiers import is_id, takeover_id
from shared.domain.license import DAY_S, KIND, Standing
from tests.unit.domain.slots import (
    EMPTY,
    HEARD_S,
    KEY,
    NUMBER,
    ask,
    decide,
    device,
    filled,
    id_of,
    kinds,
    refusal,
    remove,
    the,
    thumb,
    told,
    wanted,
    who,
)
from tests.unit.domain.test_license import LICENSE

FULL = filled()
ASKED = ask(FULL)
RIPE_S = HEARD_S + 3 * DAY_S


def test_a_request_waits_and_frees_nothing() -> None:
    assert who(ASKED) == [1, 2, 3]
    assert the(ASKED) == Takeover(the(ASKED).takeover_id, thumb(4), "chrome/macos", NUMBER,
                                  id_of(2), HEARD_S)
    assert is_id(the(ASKED).takeover_id)
    assert ASKED.history.events[-1] == Event(
        "takeover_asked", HEARD_S, "buyer", "license-fetch", {
            "takeover_id": the(ASKED).takeover_id, "replaces": id_of(2), "way": "order_number"})
    assert device_list(ASKED, HEARD_S)["takeover"] == {
        "takeover_id": the(ASKED).takeover_id, "platform": "chrome/macos",
        "way": "order_number", "replaces": id_of(2), "asked_at_s": HEARD_S, "ripe_at_s": RIPE_S}


@pytest.mark.parametrize("replaces", [2, 3, None])
def test_asking_again_changes_nothing_and_starts_no_second_wait(replaces: int | None) -> None:
    assert ask(ASKED, replaces=replaces, at_s=RIPE_S - 1) is ASKED
    assert ask(ASKED, way=KEY, replaces=replaces, at_s=RIPE_S - 1) is ASKED


def test_a_request_names_a_device_of_this_license() -> None:
    assert refusal(lambda: ask(FULL, replaces=9)) == (Refusal.NOT_ACTIVE, None)
    assert refusal(lambda: ask(FULL, replaces=4)) == (Refusal.NOT_ACTIVE, None)


def test_after_three_days_the_device_that_comes_back_has_the_slot() -> None:
    assert ask(ASKED, at_s=RIPE_S - 1) is ASKED
    swapped = ask(ASKED, replaces=None, at_s=RIPE_S)
    assert (who(swapped), swapped.takeover) == ([1, 3, 4], None)
    assert kinds(ASKED, swapped) == ["device_removed", "device_activated"]
    assert swapped.history.events[-2].data == {
        "device_id": id_of(2), "dark_at_s": device(FULL, 2).dark_at_s, "counts": True,
        "takeover_id": the(ASKED).takeover_id}
    assert (device(swapped, 4).way, device(swapped, 4).activated_at_s) == (NUMBER, RIPE_S)
    assert ask(swapped, at_s=RIPE_S) is swapped
    verify_chain(KIND, LICENSE, swapped.history.events, swapped.history.head)


def test_two_requests_of_one_second_are_two_and_so_are_the_words_about_them() -> None:
    objected = decide(ASKED, 1, approve=False)
    again = ask(objected, way=KEY)
    assert the(again).asked_at_s == the(ASKED).asked_at_s
    assert the(again).takeover_id != the(ASKED).takeover_id
    assert decide(again, 1, approve=False).takeover is None


def test_requests_for_slots_are_counted_from_one_over_all_devices() -> None:
    first = decide(ASKED, 1, approve=True)
    second = ask(first, 5, replaces=3)
    numbered = [(the(ASKED), 4, 1), (the(second), 5, 2)]
    assert [request.takeover_id for request, *_ in numbered] == [
        takeover_id(EMPTY.license_id, thumb(n), number) for _, n, number in numbered]


@pytest.mark.parametrize("by", [1, 2, 3])
def test_any_device_with_a_voice_may_approve_and_the_swap_is_done_at_once(by: int) -> None:
    swapped = decide(ASKED, by, approve=True)
    assert (who(swapped), swapped.takeover) == ([1, 3, 4], None)
    assert kinds(ASKED, swapped) == ["takeover_approved", "device_removed", "device_activated"]
    assert ask(swapped) is swapped


@pytest.mark.parametrize("approve", [True, False])
def test_a_decision_sent_again_changes_nothing(approve: bool) -> None:
    decided = decide(ASKED, 1, approve=approve)
    name = the(ASKED).takeover_id
    assert decide_takeover(decided, thumb(1), name, approve=approve, now_s=HEARD_S) is decided
    assert refusal(lambda: decide_takeover(
        decided, thumb(1), name, approve=not approve, now_s=HEARD_S)) == (Refusal.NOT_OPEN, None)


@pytest.mark.parametrize("approve", [True, False])
def test_only_a_device_with_a_slot_and_a_voice_decides(approve: bool) -> None:
    early_s = HEARD_S - 1
    asked = ask(FULL, at_s=early_s)
    assert refusal(lambda: decide(asked, 4, approve=approve)) == (Refusal.NOT_ACTIVE, None)
    assert refusal(lambda: decide(asked, 2, approve=approve, at_s=early_s)) == (
        Refusal.TOO_NEW, HEARD_S)
    for by, at_s in ((1, early_s), (2, HEARD_S)):
        assert decide(asked, by, approve=approve, at_s=at_s) is not asked


@pytest.mark.parametrize("approve", [True, False])
def test_a_decision_is_about_the_open_request_and_no_other(approve: bool) -> None:
    assert refusal(lambda: decide_takeover(
        ASKED, thumb(1), "0" * 26, approve=approve, now_s=HEARD_S)) == (Refusal.NOT_OPEN, None)
    late_s = HEARD_S + 14 * DAY_S
    assert decide(ASKED, 1, approve=approve, at_s=late_s - 1) is not ASKED
    assert refusal(lambda: decide(ASKED, 1, approve=approve, at_s=late_s)) == (
        Refusal.NOT_OPEN, None)


@pytest.mark.parametrize("at_s", [HEARD_S, RIPE_S - 1, RIPE_S, RIPE_S + DAY_S])
def test_an_objection_ends_the_request_as_long_as_nothing_was_swapped(at_s: int) -> None:
    objected = decide(ASKED, 2, approve=False, at_s=at_s)
    assert (who(objected), objected.takeover) == ([1, 2, 3], None)
    assert objected.history.events[-1].data == {
        "takeover_id": the(ASKED).takeover_id, "way": "order_number",
        "by": id_of(2)}
    assert refusal(lambda: ask(objected, at_s=at_s)) == (Refusal.BARRED, at_s + 90 * DAY_S)


@pytest.mark.parametrize(("objected_to", "tried", "is_barred"), [
    (NUMBER, NUMBER, True), (NUMBER, KEY, False), (KEY, KEY, True), (KEY, NUMBER, True)])
@pytest.mark.parametrize("n", [4, 5])
def test_who_objects_to_the_number_bars_the_number_and_who_objects_to_the_key_bars_both(
        objected_to: Way, tried: Way, is_barred: bool, n: int) -> None:
    objected = decide(ask(FULL, way=objected_to), 1, approve=False)
    free = remove(objected, 3)
    over_s = HEARD_S + 90 * DAY_S
    if is_barred:
        for license_ in (objected, free):
            assert refusal(lambda it=license_: ask(it, n, way=tried)) == (Refusal.BARRED, over_s)
            assert refusal(lambda it=license_: ask(it, n, way=tried, at_s=over_s - 1)) == (
                Refusal.BARRED, over_s)
    else:
        assert the(ask(objected, n, way=tried)).thumbprint == thumb(n)
        assert who(ask(free, n, way=tried)) == [1, 2, n]
    assert n in who(ask(free, n, way=tried, at_s=over_s))


def test_one_request_is_open_at_a_time() -> None:
    gone_s = HEARD_S + 14 * DAY_S
    for way in (NUMBER, KEY):
        asked = ask(FULL, way=way)
        busy = (Refusal.BUSY, gone_s)
        assert refusal(lambda it=asked: ask(it, 5, way=NUMBER)) == busy
        assert refusal(lambda it=asked: ask(it, 5, at_s=gone_s - 1)) == busy
        assert the(ask(asked, 5, way=way, at_s=gone_s)).thumbprint == thumb(5)
    assert refusal(lambda: ask(ask(FULL, way=KEY), 5, way=KEY)) == (
        Refusal.BUSY, gone_s)


def test_the_license_key_outranks_an_order_number() -> None:
    outranked = ask(ASKED, 5, way=KEY, replaces=3, at_s=HEARD_S + 1)
    assert (the(outranked).thumbprint, the(outranked).ripe_at_s) == (thumb(5), RIPE_S + 1)
    assert refusal(lambda: ask(outranked, 4, at_s=RIPE_S))[0] is Refusal.BUSY
    assert who(ask(outranked, 5, at_s=RIPE_S + 1)) == [1, 2, 5]


def test_a_free_slot_ends_the_waiting() -> None:
    for freed in (remove(ASKED, 3), remove(ASKED, 2)):
        seated = ask(freed, replaces=None, at_s=HEARD_S + 1)
        assert (who(seated)[-1], seated.takeover) == (4, None)
        assert len(seated.devices) == 3


def test_a_request_survives_that_another_takes_the_free_slot() -> None:
    taken = restore_slot(remove(ASKED, 3), wanted(5), NUMBER, None, HEARD_S + 1)
    assert (who(taken), the(taken)) == ([1, 2, 5], the(ASKED))
    assert who(ask(taken, at_s=RIPE_S)) == [1, 5, 4]


def test_a_request_for_a_slot_that_went_to_another_is_over() -> None:
    """Else its device could neither get that slot nor ask for another for two weeks."""
    freed = remove(ASKED, 2)
    taken = restore_slot(freed, wanted(5), NUMBER, None, HEARD_S)
    for license_ in (freed, taken):
        assert open_takeover(license_, HEARD_S) is None
        assert refusal(lambda it=license_: decide(it, 1, approve=True)) == (
            Refusal.NOT_OPEN, None)
    again = ask(taken, 4, replaces=3, at_s=HEARD_S + 1)
    assert the(again).ripe_at_s == RIPE_S + 1
    assert who(ask(again, 4, at_s=RIPE_S + 1)) == [1, 5, 4]


@pytest.mark.parametrize("standing", [Standing.SUSPENDED, Standing.REVOKED])
def test_on_a_worthless_license_one_may_object_and_remove_and_nothing_else(
        standing: Standing) -> None:
    off = told(ASKED, 1, standing)
    assert refusal(lambda: ask(off, at_s=RIPE_S))[0].value == f"LICENSE_{standing.name}"
    assert refusal(lambda: decide(off, 1, approve=True))[0].value == f"LICENSE_{standing.name}"
    assert decide(off, 1, approve=False).takeover is None
    assert who(remove(off, 3)) == [1, 2]


def test_a_request_may_not_be_ripened_by_a_way_that_is_barred() -> None:
    """Somebody threw out another device that came by the number: that is a word about all."""
    newest = restore_slot(remove(FULL, 3), wanted(5), NUMBER, None, HEARD_S)
    asked = ask(newest, 4)
    barred = remove(asked, 5, at_s=HEARD_S + 1)
    for at_s in (HEARD_S + 1, RIPE_S):
        assert refusal(lambda at_s=at_s: ask(barred, 4, at_s=at_s))[0] is Refusal.BARRED
    assert who(ask(asked, 4, at_s=RIPE_S)) == [1, 5, 4]
