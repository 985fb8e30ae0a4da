"""Sequences of rotations, withdrawals and renewals: what counts afterwards is what must count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from scripts.keyring.key_set import KeySet, NewKey, sign, verify
from scripts.keyring.private_keys import make_root, make_signing_key
from scripts.keyring.refusal import KeysRefused
from scripts.keyring.steps import add, new_set, renew, rotate, withdraw

DAY_S, MIDNIGHT_S = 86_400, 1_795_392_000
NOW_S = MIDNIGHT_S + 43_200
ROOT = make_root(lambda size: b"r" * size)


def key_number(number: int) -> NewKey:
    return make_signing_key(f"k{number}", lambda size: number.to_bytes(size, "big")).public


def first(now_s: int = NOW_S, **changed: Any) -> KeySet:
    return new_set(**{"issuer": "tongbao:TB01", "environment": "live", "keys": [key_number(1)],
                      "now_s": now_s, **changed})


def counts(key_set: KeySet, kid: str, iat_s: int) -> bool:
    """What a client does: may this key have signed a lease of that `iat`?"""
    key = key_set.find(kid)
    return (key is not None and key.status != "withdrawn" and key.from_s <= iat_s
            and (key.until_s is None or iat_s <= key.until_s))


def statuses(key_set: KeySet) -> dict[str, str]:
    return {key.kid: key.status for key in key_set.keys}


def refusal(act: Any, *given: Any, **named: Any) -> str:
    with pytest.raises(KeysRefused) as refused:
        act(*given, **named)
    return refused.value.reason


def test_a_rotation_retires_the_former_key_after_an_overlap() -> None:
    made = rotate(first(), key_number(2), now_s=NOW_S + 10)
    assert statuses(made) == {"k1": "retired", "k2": "active"}
    retired = made.find("k1")
    assert retired is not None
    assert retired.until_s == NOW_S + 10 + 3_600
    assert (made.seq, made.issued_at_s) == (2, NOW_S + 10)
    assert made.ends_at_s == NOW_S + 10 + 400 * DAY_S


@pytest.mark.parametrize("now_s", [MIDNIGHT_S, MIDNIGHT_S + 1, NOW_S, MIDNIGHT_S + DAY_S - 1])
def test_a_lease_of_the_day_counts_from_the_first_second_of_a_new_key(now_s: int) -> None:
    made = rotate(first(now_s - DAY_S), key_number(2), now_s=now_s)
    assert counts(made, "k2", MIDNIGHT_S)
    assert counts(made, "k1", MIDNIGHT_S)


def test_an_instance_whose_clock_is_a_minute_behind_midnight_is_not_refused() -> None:
    made = rotate(first(NOW_S - DAY_S), key_number(2), now_s=MIDNIGHT_S + 30)
    assert counts(made, "k2", MIDNIGHT_S - DAY_S)
    assert not counts(made, "k2", MIDNIGHT_S - 2 * DAY_S)


def test_instances_with_the_old_setting_may_sign_until_the_overlap_is_over() -> None:
    late_s = MIDNIGHT_S + DAY_S - 600
    made = rotate(first(), key_number(2), now_s=late_s)
    assert counts(made, "k1", MIDNIGHT_S + DAY_S)
    assert not counts(made, "k1", MIDNIGHT_S + 2 * DAY_S)
    at_once = rotate(first(), key_number(2), now_s=late_s, overlap_s=0)
    assert not counts(at_once, "k1", MIDNIGHT_S + DAY_S)


def test_a_key_that_was_added_early_takes_over() -> None:
    early = add(first(), key_number(2), now_s=NOW_S)
    assert statuses(early) == {"k1": "active", "k2": "active"}
    assert statuses(rotate(early, key_number(2), now_s=NOW_S)) == {"k1": "retired", "k2": "active"}


def test_a_withdrawn_key_counts_for_no_lease_and_its_replacement_for_all_of_today() -> None:
    made = withdraw(first(), "k1", replacement=key_number(2), now_s=NOW_S)
    assert statuses(made) == {"k1": "withdrawn", "k2": "active"}
    assert not counts(made, "k1", MIDNIGHT_S)
    assert counts(made, "k2", MIDNIGHT_S)


def test_a_retired_key_can_be_withdrawn() -> None:
    former = rotate(first(), key_number(2), now_s=NOW_S)
    assert statuses(withdraw(former, "k1", now_s=NOW_S)) == {"k1": "withdrawn", "k2": "active"}


def test_a_withdrawn_key_is_listed_for_ever() -> None:
    gone = withdraw(first(), "k1", replacement=key_number(2), now_s=NOW_S)
    assert statuses(renew(gone, now_s=NOW_S + 9_999 * DAY_S)) == {
        "k1": "withdrawn", "k2": "active"}


@pytest.mark.parametrize(("after_s", "until_s"), [(10, 10), (3_600, 3_600), (9_999, 3_600)])
def test_a_withdrawn_key_ends_when_it_is_withdrawn_or_ended_before(
        after_s: int, until_s: int) -> None:
    former = rotate(first(), key_number(2), now_s=NOW_S)
    found = withdraw(former, "k1", now_s=NOW_S + after_s).find("k1")
    assert found is not None
    assert found.until_s == NOW_S + until_s


def test_the_last_active_key_is_not_withdrawn_without_another() -> None:
    assert refusal(withdraw, first(), "k1", now_s=NOW_S) == "invalid_set"


def test_nothing_is_done_twice() -> None:
    gone = withdraw(first(), "k1", replacement=key_number(2), now_s=NOW_S)
    assert refusal(withdraw, gone, "k1", now_s=NOW_S) == "nothing_to_do"
    assert refusal(rotate, gone, key_number(2), now_s=NOW_S) == "nothing_to_do"
    assert refusal(withdraw, gone, "k9", now_s=NOW_S) == "unknown_key"


@pytest.mark.parametrize("act", [rotate, add])
def test_a_key_comes_back_neither_by_name_nor_by_value(act: Any) -> None:
    gone = withdraw(first(), "k1", replacement=key_number(2), now_s=NOW_S)
    assert refusal(act, gone, key_number(1), now_s=NOW_S) == "known_key"
    assert refusal(act, gone, NewKey("k9", key_number(1).x), now_s=NOW_S) == "known_key"
    assert refusal(act, gone, NewKey("k1", key_number(9).x), now_s=NOW_S) == "known_key"
    assert act(gone, key_number(9), now_s=NOW_S)


def test_a_retired_key_is_left_out_when_its_last_lease_is_over_and_not_before() -> None:
    former = rotate(first(), key_number(2), now_s=NOW_S)
    over_s = NOW_S + 3_600 + 22 * DAY_S
    assert "k1" in statuses(renew(former, now_s=over_s))
    assert statuses(renew(former, now_s=over_s + 1)) == {"k2": "active"}
    assert "k1" in statuses(rotate(former, key_number(3), now_s=over_s + 1))


def test_a_clock_behind_the_former_set_signs_nothing() -> None:
    assert refusal(renew, first(), now_s=NOW_S - 1) == "clock_behind"
    assert renew(first(), now_s=NOW_S).seq == 2


@pytest.mark.parametrize("days", [0, -1])
def test_a_set_without_a_future_is_refused(days: int) -> None:
    assert refusal(renew, first(), now_s=NOW_S, days=days) == "invalid_set"


def test_an_overlap_does_not_lie_in_the_past() -> None:
    assert refusal(rotate, first(), key_number(2), now_s=NOW_S, overlap_s=-1) == "invalid_set"


def test_a_lost_set_is_begun_again_above_it() -> None:
    assert first(seq=41).seq == 41
    assert refusal(first, seq=0) == "invalid_set"


@dataclass
class Believed:
    """What the steps so far must have come to."""

    status: dict[str, str] = field(default_factory=dict)
    until_s: dict[str, int] = field(default_factory=dict)


class KeyLife(RuleBasedStateMachine):
    """Any order of steps over months, each signed and read again."""

    @initialize()
    def begin(self) -> None:
        self.now_s, self.number = NOW_S, 1
        self.believed = Believed({"k1": "active"})
        self.sets = [first()]

    @property
    def last(self) -> KeySet:
        return self.sets[-1]

    def fresh(self) -> NewKey:
        self.number += 1
        return key_number(self.number)

    def take(self, made: KeySet) -> None:
        self.sets.append(verify(sign(made, ROOT), [ROOT.x]))

    def active(self) -> list[str]:
        return [kid for kid, status in self.believed.status.items() if status == "active"]

    @rule(seconds=st.sampled_from([1, 3_599, 3_600, DAY_S, 7 * DAY_S, 22 * DAY_S, 300 * DAY_S]))
    def time_passes(self, seconds: int) -> None:
        self.now_s += seconds

    @rule()
    def add_one(self) -> None:
        key = self.fresh()
        self.take(add(self.last, key, now_s=self.now_s))
        self.believed.status[key.kid] = "active"

    @rule(overlap_s=st.sampled_from([0, 3_600, DAY_S]), known=st.booleans())
    def rotate_to(self, overlap_s: int, known: bool) -> None:
        active = self.active()
        key = (key_number(int(active[-1][1:])) if known and len(active) > 1 else self.fresh())
        self.take(rotate(self.last, key, now_s=self.now_s, overlap_s=overlap_s))
        for kid in active:
            self.believed.status[kid], self.believed.until_s[kid] = (
                "retired", self.now_s + overlap_s)
        self.believed.status[key.kid] = "active"
        self.believed.until_s.pop(key.kid, None)

    @rule(data=st.data(), replaced=st.booleans())
    @precondition(lambda self: set(self.believed.status.values()) != {"withdrawn"})
    def withdraw_one(self, data: st.DataObject, replaced: bool) -> None:
        kid = data.draw(st.sampled_from(sorted(
            kid for kid, status in self.believed.status.items() if status != "withdrawn")))
        replacement = self.fresh() if replaced or self.active() == [kid] else None
        self.take(withdraw(self.last, kid, replacement=replacement, now_s=self.now_s))
        self.believed.status[kid] = "withdrawn"
        if replacement is not None:
            self.believed.status[replacement.kid] = "active"

    @rule()
    def renew_it(self) -> None:
        self.take(renew(self.last, now_s=self.now_s))
        for kid, status in list(self.believed.status.items()):
            if status == "retired" and self.believed.until_s[kid] + 22 * DAY_S < self.now_s:
                del self.believed.status[kid]

    @invariant()
    def the_set_lists_what_it_must(self) -> None:
        assert statuses(self.last) == self.believed.status

    @invariant()
    def seq_rises_by_one_and_nothing_else_of_the_deployment_changes(self) -> None:
        assert [made.seq for made in self.sets] == [*range(1, len(self.sets) + 1)]
        assert {(made.issuer, made.environment) for made in self.sets} == {
            ("tongbao:TB01", "live")}

    @invariant()
    def withdrawn_stays_withdrawn(self) -> None:
        if len(self.sets) > 1:
            gone = {key.kid for key in self.sets[-2].of_status("withdrawn")}
            assert gone <= {key.kid for key in self.last.of_status("withdrawn")}

    @invariant()
    def exactly_the_active_keys_count_for_a_lease_of_a_far_day(self) -> None:
        far_s = self.now_s + 400 * DAY_S
        assert [key.kid for key in self.last.keys if counts(self.last, key.kid, far_s)] == (
            self.active())


KeyLife.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestAnyOrderOfSteps = KeyLife.TestCase
