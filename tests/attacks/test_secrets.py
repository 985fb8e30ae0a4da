"""Attack 60: no secret setting is seen anywhere, whatever is done to the functions.

Every other test of this folder looks for all of them in the log, the answers, the exceptions and
what libraries log (`Shop.check_sinks`, conftest.py). Here: that the look would find them, the
moments that no request reaches (a start with a spoilt setting), and what a purchase leaves behind.
"""

from __future__ import annotations

import json
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from emulators.fc import http_event
from emulators.tablestore import Fault as StoreFault
from emulators.wechatpay import Fault as WeChatFault
from shared.settings import VARIABLES, load_settings
from tests.attacks.asking import Asking
from tests.attacks.devices import owned
from tests.attacks.shop import BUILDERS, SECRETS
from tests.wire.deployment import Buyer
from tests.wire.device import Device

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.shop import Seen, Shop

SPOILT: dict[str, Callable[[str], str]] = {
    "a character less": lambda it: it[:-1], "a character more": lambda it: it + "x",
    "spaces inside": lambda it: it[:9] + "  " + it[9:],
    "cut in half": lambda it: it[:len(it) // 2], "doubled": lambda it: it * 2,
    "an unknown letter": lambda it: it[:70] + "\u5b9d" + it[71:],
    "a brace more": lambda it: it + "}", "quoted": lambda it: f'"{it}"'}


def pieces(secret: str) -> set[str]:
    """Texts of which none may be told: every 16 characters of it that say anything."""
    words = "".join(line for line in secret.splitlines() if "-----" not in line)
    return {words[at:at + 16] for at in range(0, max(1, len(words) - 15))}


def test_every_secret_setting_has_a_value_that_can_be_looked_for(shop: Shop) -> None:
    assert {name.partition(" ")[0] for name in shop.secrets()} == {
        *SECRETS, "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "the"}
    assert {"TONGBAO_LICENSE_SECRETS", "TONGBAO_SIGNING_KEY"} < set(SECRETS)
    assert min(map(len, shop.secrets().values())) >= 8
    assert len(set(shop.secrets().values())) > 25  # a key has as many lines


@pytest.mark.parametrize("sink", ["text", "headers", "log", "raised"])
def test_the_look_at_the_sinks_would_find_every_one_of_them(shop: Shop, sink: str) -> None:
    clean = shop.ask(Asking.place(Buyer.fresh()))
    shop.check_sinks(clean)
    for value in shop.secrets().values():
        leak: Any = json.dumps({"x": value}) if sink != "headers" else {"x": value}
        leaking: Seen = replace(clean, **{sink: leak})
        with pytest.raises(AssertionError):
            shop.check_sinks(leaking)


def test_the_look_at_the_log_would_find_a_buyer_and_a_raw_line(shop: Shop) -> None:
    clean = shop.ask(Asking.place(Buyer.fresh()))
    shop.purchase()
    for private in [*shop.private, "\x1b[2J", "no JSON"]:
        leak = json.dumps({"x": private}) if private in shop.private else private
        with pytest.raises((AssertionError, ValueError)):
            shop.check_sinks(replace(clean, log=leak))


def told_at_start(shop: Shop, function: str, environ: dict[str, str]) -> str:
    """All that is said when a function does or does not start."""
    builder, routes = BUILDERS[function]
    try:
        app = builder(routes, {**shop.environ, **environ})
    except Exception as error:
        return "".join(traceback.format_exception(error)) + repr(vars(error)) + repr(error.args)
    return repr(app)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_start_with_a_spoilt_secret_does_not_tell_it(shop: Shop, name: str,
                                                       spoilt: str) -> None:
    value = SPOILT[spoilt](shop.environ[name])
    for function in BUILDERS:
        told = told_at_start(shop, function, {name: value})
        assert not [piece for piece in pieces(value) if piece in told], function


def test_a_secret_under_another_setting_s_name_is_not_told(shop: Shop) -> None:
    """Whoever pastes a key into the wrong field must not find it in the log of the start."""
    for name in SECRETS:
        value = shop.environ[name]
        for variable in VARIABLES.values():
            for function in BUILDERS:
                told = told_at_start(shop, function, {variable.name: value})
                assert not [piece for piece in pieces(value) if piece in told], variable.name


def test_the_settings_hide_all_of_them_together(shop: Shop) -> None:
    for function in BUILDERS:
        shown = repr(load_settings(shop.environ, function)) + str(vars(load_settings(
            shop.environ, function)))
        assert not [name for name, value in shop.secrets().items() if value in shown]
        assert shown.count("Secret(") == 2 * len(SECRETS)


def shown(value: object, depth: int = 4) -> str:
    """The text of an object and of all that it is made of."""
    parts = [getattr(value, name, None) for name in getattr(type(value), "__slots__", ())]
    parts += [*vars(value).values()] if hasattr(value, "__dict__") else []
    parts += [*value] if isinstance(value, tuple | list) else []
    return repr(value) + "".join(shown(part, depth - 1) for part in parts
                                 if depth and not isinstance(part, bytes | str | dict))


def test_what_a_function_is_made_of_shows_no_secret(shop: Shop) -> None:
    """Desks, doors, issuers and keys in a traceback's variables, or in a debugger's log."""
    taken: list[object] = []

    def keeping(*parts: object, **named: object) -> Any:
        taken.extend([*parts, *named.values()])
        return BUILDERS["license-fetch"][1](*parts, **named)

    app = BUILDERS["license-fetch"][0](keeping, shop.environ)
    told = shown(app) + shown(taken)
    assert "LicenseKeys(versions=['1'])" in told
    assert "EcdsaDeviceProofs" in told
    assert not [name for name, value in shop.secrets().items() if value in told]


FAULTS: dict[str, Callable[[Shop], None]] = {
    "a store that refuses the key": lambda shop: shop.store.inject(
        StoreFault(kind="OTSAuthFailed", times=1)),
    "a store that breaks": lambda shop: shop.store.inject(
        StoreFault(kind="OTSInternalServerError", times=1)),
    "a store that hangs up": lambda shop: shop.store.inject(
        StoreFault(kind="lost_answer", times=1)),
    "a WeChat that doubts our signature": lambda shop: shop.wechat.inject(
        WeChatFault("unsigned", "native")),
    "a WeChat that breaks": lambda shop: shop.wechat.inject(
        WeChatFault("system_error", "native")),
    "a WeChat that hangs up": lambda shop: shop.wechat.inject(
        WeChatFault("request_lost", "native"))}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_purchase_with_a_fault_tells_no_secret_and_no_buyer(shop: Shop, fault: str) -> None:
    buyer = Buyer.fresh()
    shop.private |= {buyer.key, buyer.secret, buyer.secret_hash}
    FAULTS[fault](shop)
    for _ in range(3):
        placed = shop.ask(Asking.place(buyer))
    shop.store.clear_faults()
    assert placed.status == 200
    order = placed.body["order"]
    shop.private.add(order["out_trade_no"])
    shop.wechat.pay(order["payment"]["value"])
    paid = shop.wechat.orders[order["out_trade_no"]]
    shop.private |= {str(paid.transaction_id), str(paid.payer_openid)}
    headers, body = shop.wechat.build_notify(order["out_trade_no"])
    told = shop.fire("notify", http_event("POST", "/v1/notify/wechatpay", list(headers.items()),
                                          body))
    assert told.status == 200
    claimed = shop.ask(Asking.claim(buyer, order["order_id"]))
    license_ = claimed.body["license"]
    assert {license_["lease"]["token"], license_["license_key"]} < shop.private
    assert shop.ask(Asking.claim(buyer, order["order_id"])).status == 200
    assert buyer.secret not in claimed.text


STORE_FAULTS = ["OTSAuthFailed", "OTSInternalServerError", "OTSServerBusy", "lost_answer"]


@pytest.mark.parametrize("fault", STORE_FAULTS)
def test_a_restore_with_a_fault_tells_no_number_no_key_and_no_proof(shop: Shop,
                                                                   fault: str) -> None:
    mine = owned(shop)
    for asking in (Asking.restore(Device(), order_number=mine.bought.out_trade_no),
                   Asking.restore(Device(), license_key=mine.license_key),
                   Asking.refresh(mine.owner, mine.license_id)):
        shop.store.inject(StoreFault(kind=fault, times=1))
        seen = shop.ask(asking)
        shop.store.clear_faults()
        assert mine.bought.out_trade_no not in seen.log + seen.raised
        assert shop.ask(asking).status == 200
        assert mine.license_key in shop.private


def test_the_look_at_the_log_would_find_a_lease_a_key_and_a_proof(shop: Shop) -> None:
    mine = owned(shop)
    clean = mine.refresh(mine.owner)
    asking = Asking.refresh(mine.owner, mine.license_id)
    told: list[str] = []
    shop.ask(asking.but(proving=lambda it: told.append(it.made()) or told[0]))
    for private in [mine.license_key, clean.body["license"]["lease"]["token"], told[0]]:
        with pytest.raises(AssertionError):
            shop.check_sinks(replace(clean, raised=f"KeyError: {private}"))
