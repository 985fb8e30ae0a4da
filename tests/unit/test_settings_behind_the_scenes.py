"""Settings of refunds, complaints and the work list: off until wanted, and never half set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shared.bootstrap import check_policies
from shared.domain.catalogue import Catalogue, Product
from shared.domain.refund_policy import RefundPolicy
from shared.secret import MissingSetting
from shared.settings import InvalidSetting, Settings, load_settings
from shared.variables import ADMIN, CREATE_ORDER, LICENSE_FETCH, NOTIFY, TIMERS
from tests.unit.test_settings import GOOD

if TYPE_CHECKING:
    from collections.abc import Callable


def test_what_is_optional_is_off() -> None:
    settings = load_settings(GOOD, TIMERS)
    assert (settings.due_buckets, settings.complaint_answer_hours) == (16, 24)
    assert (settings.refund_held, settings.complaint_holds_license) == (False, False)
    assert not settings.payer_pepper


def test_a_switch_is_0_or_1() -> None:
    assert load_settings({**GOOD, "TONGBAO_REFUND_HELD": "1"}, TIMERS).refund_held is True
    for text in ("yes", "2", "true", "01", " 1"):
        with pytest.raises(InvalidSetting, match="TONGBAO_REFUND_HELD"):
            load_settings({**GOOD, "TONGBAO_REFUND_HELD": text}, TIMERS)


@pytest.mark.parametrize(("name", "first", "last"), [
    ("TONGBAO_DUE_BUCKETS", 1, 16), ("TONGBAO_COMPLAINT_ANSWER_HOURS", 1, 72)])
def test_a_number_has_its_bounds(name: str, first: int, last: int) -> None:
    for number in (first, last):
        load_settings({**GOOD, name: str(number)}, ADMIN)
    for number in (first - 1, last + 1):
        with pytest.raises(InvalidSetting, match=name):
            load_settings({**GOOD, name: str(number)}, ADMIN)


def test_a_pepper_is_long_and_a_secret() -> None:
    assert load_settings({**GOOD, "TONGBAO_PAYER_PEPPER": "p" * 32}, NOTIFY).payer_pepper
    with pytest.raises(InvalidSetting, match="TONGBAO_PAYER_PEPPER") as caught:
        load_settings({**GOOD, "TONGBAO_PAYER_PEPPER": "canary" * 5}, NOTIFY)
    assert "canary" not in str(caught.value)


def test_license_secrets_come_by_version_and_the_newest_makes_the_nonces() -> None:
    first, both = ({**GOOD, "TONGBAO_LICENSE_SECRETS": json.dumps(secrets)} for secrets in (
        {"1": "a" * 32}, {"2": "b" * 32, "1": "a" * 32}))
    settings = load_settings(both, LICENSE_FETCH)
    assert settings.license_keys() == {"1": b"a" * 32, "2": b"b" * 32}
    assert settings.nonce_secret() != load_settings(first, LICENSE_FETCH).nonce_secret()
    only_newest = {**GOOD, "TONGBAO_LICENSE_SECRETS": json.dumps({"2": "b" * 32})}
    assert settings.nonce_secret() == load_settings(only_newest, LICENSE_FETCH).nonce_secret()
    assert settings.nonce_secret() not in settings.license_keys().values()


@pytest.mark.parametrize("ask", [Settings.license_keys, Settings.nonce_secret])
def test_no_license_secret_at_all_fails_by_its_name(ask: Callable[[Settings], object]) -> None:
    ask(load_settings(GOOD, LICENSE_FETCH))
    empty = load_settings({**GOOD, "TONGBAO_LICENSE_SECRETS": "{}"}, LICENSE_FETCH)
    with pytest.raises(MissingSetting, match="TONGBAO_LICENSE_SECRETS"):
        ask(empty)


def test_restores_are_limited_unless_said_otherwise() -> None:
    assert load_settings(GOOD, LICENSE_FETCH).restores_per_minute == 10
    more = {**GOOD, "TONGBAO_RESTORES_PER_MINUTE": "11"}
    assert load_settings(more, LICENSE_FETCH).restores_per_minute == 11


@pytest.mark.parametrize(("most", "pepper", "good"), [
    (None, "", True), (None, "p" * 32, True), (3, "p" * 32, True), (3, "", False)])
def test_refunds_are_counted_by_payer_only_with_a_pepper(
        most: int | None, pepper: str, good: bool) -> None:
    catalogue = Catalogue("1", {"app": Product(
        "app", {}, {}, {}, None, ("pro",), RefundPolicy(7, most_per_payer=most))})
    settings = load_settings({**GOOD, "TONGBAO_PAYER_PEPPER": pepper}, CREATE_ORDER)
    if good:
        check_policies(catalogue, settings)
    else:
        with pytest.raises(MissingSetting, match=r"TONGBAO_PAYER_PEPPER .* app "):
            check_policies(catalogue, settings)
