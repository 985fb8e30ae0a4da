"""The reason codes: stable words, and which of them say who sent it."""

from __future__ import annotations

from shared.adapters.wechatpay.reasons import CONTENT, GENUINE, Reason, Rejected

BEFORE_THE_SIGNATURE = {
    "body_too_large", "header_missing", "header_ambiguous", "header_malformed",
    "signature_type_unsupported", "timestamp_malformed", "timestamp_stale", "serial_unknown",
    "key_not_valid_now", "signature_malformed", "signature_wrong"}
AFTER_THE_SIGNATURE = {
    "body_not_json", "event_type_not_payment", "envelope_malformed",
    "resource_algorithm_unsupported", "resource_malformed", "resource_not_decryptable",
    "resource_not_json", "fact_malformed", "trade_state_unknown",
    "trade_state_contradicts_event"}


def test_the_codes_are_words_that_logs_and_alarms_rely_on() -> None:
    assert {reason.value for reason in Reason} >= BEFORE_THE_SIGNATURE | AFTER_THE_SIGNATURE


def test_only_what_is_checked_after_the_signature_came_from_wechat() -> None:
    genuine = {reason.value for reason in GENUINE}
    assert genuine >= AFTER_THE_SIGNATURE
    assert not genuine & BEFORE_THE_SIGNATURE


def test_a_wrong_key_of_ours_and_a_wrong_sender_are_401_and_the_rest_is_400() -> None:
    content = {reason.value for reason in CONTENT}
    assert content >= AFTER_THE_SIGNATURE - {"resource_not_decryptable"} | {"body_too_large"}
    assert not content & (BEFORE_THE_SIGNATURE - {"body_too_large"})
    assert "resource_not_decryptable" not in content


def test_a_rejection_says_its_code_and_nothing_else() -> None:
    rejected = Rejected(Reason.SIGNATURE_WRONG)
    assert rejected.reason is Reason.SIGNATURE_WRONG
    assert str(rejected) == "signature_wrong"
