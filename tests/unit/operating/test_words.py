"""What can be typed means an act that `admin` understands, and nothing else can be typed."""

from __future__ import annotations

import pytest

from scripts.operating.__main__ import NOT_CONFIRMED, WRONG, main
from scripts.operating.caller import NotConfigured, Place, find_place
from scripts.operating.shown import lines, money
from scripts.operating.words import act_of, needs_a_yes, parser
from shared.http.operator_contract import Act, parse_act

ID, NUMBER = "0" * 26, "TB01" + "0" * 27
TYPED: list[tuple[str, dict[str, object]]] = [
    (f"order {NUMBER}", {"act": "order", "order": NUMBER}),
    (f"refund {ID} --key key-00001", {"act": "refund", "order": ID, "key": "key-00001"}),
    (f"refund {ID} --key key-00001 --amount 0.5 --yes",
     {"act": "refund", "order": ID, "key": "key-00001", "amount_minor": 50}),
    (f"approve {ID} {ID}", {"act": "approve", "order": ID, "refund_id": ID}),
    (f"decline {ID} {ID} --reason used",
     {"act": "decline", "order": ID, "refund_id": ID, "reason": "used"}),
    (f"device {NUMBER} {ID}", {"act": "device", "order": NUMBER, "device_id": ID}),
    (f"export {NUMBER}", {"act": "export", "order": NUMBER}),
    (f"erase {NUMBER} --yes", {"act": "erase", "order": NUMBER}),
    (f"hold {ID}", {"act": "hold", "order": ID}),
    (f"release {ID}", {"act": "release", "order": ID}),
    (f"release {ID} --hold complaint:42",
     {"act": "release", "order": ID, "hold": "complaint:42"}),
    (f"gift {ID} 30 --key key-00001",
     {"act": "gift", "order": ID, "term_days": 30, "key": "key-00001"}),
    ("held", {"act": "held"}), ("held --all", {"act": "held", "settled": True}),
    ("resolve 42 refund", {"act": "resolve", "transaction_id": "42", "how": "refund"}),
    ("resolve 42 dismiss --reason used",
     {"act": "resolve", "transaction_id": "42", "how": "dismiss", "reason": "used"}),
    ("complaint list", {"act": "complaints"}),
    ("complaint list --all", {"act": "complaints", "settled": True}),
    ("complaint show 42", {"act": "complaint", "complaint_id": "42"}),
    ("complaint answer 42 Hello", {"act": "answer", "complaint_id": "42", "text": "Hello"}),
    ("complaint complete 42", {"act": "complete", "complaint_id": "42"}),
    ("complaint subscribe", {"act": "subscribe"}),
    ("complaint subscribe --replace", {"act": "subscribe", "replace": True}),
    ("reconcile 2026-01-01", {"act": "reconcile", "day": "2026-01-01"}),
    ("due", {"act": "due"})]


@pytest.mark.parametrize(("line", "act"), TYPED)
def test_a_command_is_an_act_that_admin_understands(line: str, act: dict[str, object]) -> None:
    meant = act_of(parser().parse_args(line.split()))
    assert meant == act
    assert parse_act({**meant, "actor": "ann"}).act == act["act"]


def test_every_act_can_be_typed() -> None:
    typed = {type(parse_act({**act, "actor": "ann"})) for _, act in TYPED}
    assert typed == set(Act.__subclasses__())


def test_what_gives_something_away_is_asked_about() -> None:
    asked = {line.split()[0] for line, act in TYPED if needs_a_yes(act)}
    assert asked == {"refund", "approve", "gift", "erase", "resolve"}
    assert not needs_a_yes({"act": "resolve", "how": "dismiss"})


@pytest.mark.parametrize(("typed", "minor"), [
    ("12", 1200), ("12.5", 1250), ("12.50", 1250), ("0.01", 1)])
def test_an_amount_is_yuan_to_the_last_fen(typed: str, minor: int) -> None:
    assert parser().parse_args(["refund", ID, "--amount", typed]).amount == minor


@pytest.mark.parametrize("typed", ["", "-1", "1.234", "1e3", "1,50", "¥1", "٣"])
def test_what_is_no_amount_is_a_usage_error(typed: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["refund", ID, f"--amount={typed}"])
    assert ended.value.code == WRONG


def test_the_function_is_found_by_the_deployment_s_own_names() -> None:
    environ = {"ACCOUNT_ID": "1000000000000001", "TONGBAO_REGION": "cn-shanghai",
               "TONGBAO_STAGE": "prod"}
    assert find_place(environ, None) == Place(
        "tongbao-prod-admin", "1000000000000001.cn-shanghai.fc.aliyuncs.com")
    assert find_place({}, "http://127.0.0.1:9000") == Place(
        "tongbao-dev-admin", "127.0.0.1:9000", "http")


@pytest.mark.parametrize("endpoint", [
    "http://example.com", "ftp://127.0.0.1", "http://127.0.0.1:9000/path", "https://"])
def test_a_key_is_sent_nowhere_without_tls_but_to_this_machine(endpoint: str) -> None:
    with pytest.raises(NotConfigured):
        find_place({}, endpoint)


@pytest.mark.parametrize(("missing", "told"), [
    ("TONGBAO_OPERATOR", "TONGBAO_OPERATOR"), ("ACCOUNT_ID", "ACCOUNT_ID"),
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "access key")])
def test_what_is_missing_is_named_before_anything_is_called(
        missing: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"TONGBAO_OPERATOR": "ann", "ACCOUNT_ID": "1", "ALIBABA_CLOUD_ACCESS_KEY_ID": "id",
               "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}
    del environ[missing]
    assert main(["due"], environ) == WRONG
    assert told in capsys.readouterr().err


def test_where_nobody_can_answer_nothing_is_confirmed(
        capsys: pytest.CaptureFixture[str]) -> None:
    def nobody(_: str) -> str:
        raise EOFError

    environ = {"TONGBAO_OPERATOR": "ann", "ACCOUNT_ID": "1", "ALIBABA_CLOUD_ACCESS_KEY_ID": "id",
               "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}
    assert main(["resolve", "42", "refund"], environ, nobody) == NOT_CONFIRMED
    assert "nothing was done" in capsys.readouterr().err


@pytest.mark.parametrize(("amount", "shown"), [
    ({"amount_minor": 5, "currency": "CNY"}, "0.05 CNY"),
    ({"amount_minor": 9900, "currency": "CNY"}, "99.00 CNY"),
    ({"amount_minor": 500, "currency": "JPY"}, "500 JPY"), (None, "–")])
def test_money_is_shown_in_its_own_units(amount: dict[str, object] | None, shown: str) -> None:
    assert money(amount) == shown


def test_a_buyer_s_words_cannot_move_the_cursor() -> None:
    told = "\n".join(lines({"provider": {"text": "a\x1b[2Jb\r\nc", "more": [{"x": "\x07"}]}}))
    assert "\x1b" not in told
    assert "\x07" not in told
    assert "\r" not in told


def test_differences_that_had_no_room_are_counted_for_the_operator() -> None:
    day = {"day": "2026-01-01", "state": "done", "actor": "system", "run_at_s": 0, "payments": 1,
           "refunds": 0, "foreign": 0, "reason": "", "differences": [], "left_out": 0}
    assert [*lines({"reconciliation": day})][-1] == "bill and books are equal"
    assert "and 3 more" in [*lines({"reconciliation": {**day, "left_out": 3}})][-1]
