"""Whatever arrives, the verifier answers with a fact or with InvalidNotify, nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.wechatpay.reasons import Reason
from shared.domain.payment import PaymentFact
from shared.errors import InvalidNotify
from tests.unit.adapters.wechatpay import wechat_side as wechat
from tests.unit.adapters.wechatpay.refusals import GENUINE, SIGNED_HEADERS, refusal
from tests.unit.adapters.wechatpay.wechat_side import Notify, dumps, transaction

REASONS = {reason.value for reason in Reason}
HEADERS, BODY = GENUINE.send()
FACT = wechat.verifier().verify(HEADERS, BODY, wechat.NOW_S)
# The first draw of any character builds tables, which a busy machine may take seconds for.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6)


def outcome(headers: dict[str, Any], body: bytes, now_s: int = wechat.NOW_S) -> PaymentFact | str:
    try:
        return wechat.verifier().verify(headers, body, now_s)
    except InvalidNotify as error:
        assert error.reason in REASONS
        return error.reason


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_no_changed_byte_of_the_body_passes(place: int, flip: int) -> None:
    body = BODY[:place] + bytes([BODY[place] ^ flip]) + BODY[place + 1:]
    assert refusal(HEADERS, body) == "signature_wrong"


@given(st.data())
@CALM
def test_no_changed_character_of_a_header_passes(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(SIGNED_HEADERS))
    value = str(HEADERS[name])
    place = data.draw(st.integers(0, len(value) - 1))
    character = data.draw(st.characters().filter(lambda other: other != value[place]))
    changed = value[:place] + character + value[place + 1:]
    assert isinstance(outcome({**HEADERS, name: changed}, BODY), str)


@given(st.dictionaries(st.sampled_from([*SIGNED_HEADERS, "wechatpay-signature-type"]),
                       st.text() | st.none() | st.binary() | st.integers()), st.binary(),
       st.integers())
@CALM
def test_no_garbage_raises_anything_else(changes: dict[str, Any], body: bytes, now_s: int) -> None:
    assert isinstance(outcome({**HEADERS, **changes}, body, now_s), str)


@given(JSON)
@settings(CALM, max_examples=60)
def test_any_signed_json_gives_a_reason(value: Any) -> None:
    body = dumps_anything(value)
    assert isinstance(outcome(*GENUINE.but(body=body).send()), str)


@given(st.sampled_from(["id", "event_type", "resource_type", "resource", "summary"]), JSON)
@settings(CALM, max_examples=60)
def test_any_value_in_a_signed_envelope_gives_a_fact_or_a_reason(name: str, value: Any) -> None:
    body = dumps_anything({**_envelope(), name: value})
    found = outcome(*GENUINE.but(body=body).send())
    assert found == FACT or isinstance(found, str)


@given(st.sampled_from(["original_type", "algorithm", "ciphertext", "associated_data", "nonce"]),
       JSON)
@settings(CALM, max_examples=60)
def test_any_value_in_a_signed_resource_gives_a_fact_or_a_reason(name: str, value: Any) -> None:
    envelope = _envelope()
    envelope["resource"][name] = value
    found = outcome(*GENUINE.but(body=dumps_anything(envelope)).send())
    assert found == FACT or isinstance(found, str)


@given(st.sampled_from(sorted(transaction())), JSON)
@settings(CALM, max_examples=100)
def test_any_value_in_a_sealed_transaction_gives_a_fact_or_a_reason(name: str, value: Any) -> None:
    found = outcome(*Notify(dumps_anything({**transaction(), name: value})).send())
    if isinstance(found, PaymentFact):
        assert found.was_paid
        assert found.amount is not None
        assert type(found.amount.amount_minor) is int
        assert found.transaction_id


@given(st.integers(0, 10**12))
@settings(CALM, max_examples=20)
def test_every_amount_arrives_exactly(fen: int) -> None:
    amount = {"total": fen, "currency": "CNY"}
    found = outcome(*Notify(dumps(transaction(amount=amount))).send())
    assert isinstance(found, PaymentFact)
    assert found.amount is not None
    assert found.amount.amount_minor == fen


@pytest.mark.parametrize("now_s", [0, -1, 2**63, 10**30])
def test_no_clock_confuses_it(now_s: int) -> None:
    assert outcome(HEADERS, BODY, now_s) == "timestamp_stale"


def _envelope() -> dict[str, Any]:
    import json
    return dict(json.loads(BODY))


def dumps_anything(value: Any) -> bytes:
    """JSON of any value, NaN and lone surrogates included."""
    import json
    return json.dumps(value).encode()
