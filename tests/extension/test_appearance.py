"""For whom the pages are: every language, every way of seeing, and no mouse."""

from __future__ import annotations

import io
import itertools
import json
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.extension.built import ROOT
from tests.extension.looks import flaws
from tests.extension.world import scan

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.extension.machine import Machine

LOCALES = ROOT / "extension" / "sample" / "_locales"
MOST_TABS = 12


def test_what_a_buyer_sees_before_paying_is_for_everybody(machine: Machine) -> None:
    found = {}
    popup = machine.popup()
    expect(popup.page.locator("#buy")).to_contain_text("¥99.00")
    found["popup"] = flaws(popup.page)
    for view, ready in (("offer", "#buy"), ("restore", "#proof"), ("history", "#restore"),
                        ("license", "#offer"), ("devices", "#restore")):
        page = machine.pay_page(view)
        expect(page.page.locator(ready)).to_be_visible()
        found[view] = flaws(page.page)
        page.close()
    page = popup.buy()
    page.picture()
    found["code"] = flaws(page.page)
    popup = machine.popup()
    expect(popup.page.locator("#pay")).to_be_visible()
    found["popup with an order"] = flaws(popup.page)
    page.click("cancel")
    expect(page.page.locator("#again")).to_be_visible()
    found["closed"] = flaws(page.page)
    assert {view: each for view, each in found.items() if each} == {}


def test_what_an_owner_sees_is_for_everybody(machine: Machine) -> None:
    found = {}
    page = machine.popup().buy()
    page.pay()
    found["paid"] = flaws(page.page)
    popup = machine.popup()
    popup.expect_unlocked()
    found["popup"] = flaws(popup.page)
    for view, ready in (("license", ".certificate"), ("devices", "li.item"),
                        ("history", "li.item")):
        page = machine.pay_page(view)
        expect(page.page.locator(ready)).to_be_visible()
        found[view] = flaws(page.page)
    page.click_on("Ask for a refund")
    expect(page.page.locator("#refund-now")).to_be_visible()
    found["refund"] = flaws(page.page)
    page.click("refund-now")
    expect(page.page.locator("#history")).to_be_visible()
    found["refund asked for"] = flaws(page.page)
    expect(popup.page.locator("#license")).to_be_visible()
    found["popup with a license that ended"] = flaws(popup.page)
    page = machine.pay_page("license")
    expect(page.title).to_have_text("The license is suspended")
    found["suspended"] = flaws(page.page)
    assert {view: each for view, each in found.items() if each} == {}


@pytest.mark.parametrize(("language", "folder", "product"), [
    ("zh-CN", "zh_CN", "阅读助手专业版（一年）"), ("zh-TW", "zh_TW", "阅读助手专业版（一年）"),
    ("en", "en", "Reader Pro, one year")])
def test_the_pages_speak_the_browsers_language_and_nothing_runs_over_the_edge(
        machines: Callable[..., Machine], language: str, folder: str, product: str) -> None:
    texts = json.loads((LOCALES / folder / "messages.json").read_text(encoding="utf-8"))
    machine = machines(language)
    page = machine.popup().buy()
    page.picture()
    assert page.page.evaluate("document.documentElement.lang") == texts["html_lang"]["message"]
    expect(page.title).to_have_text(texts["scan"]["message"])
    expect(page.page.locator(".sum")).to_contain_text(product)
    page.pay()
    expect(page.title).to_have_text(texts["paid_title"]["message"])
    page.page.set_viewport_size({"width": 320, "height": 600})
    for view in ("offer", "license", "devices", "restore", "history"):
        page = machine.pay_page(view)
        page.page.set_viewport_size({"width": 320, "height": 600})
        expect(page.title).to_be_visible()
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 320, view


def test_the_code_is_readable_in_the_dark_and_in_forced_colours(machine: Machine) -> None:
    page = machine.popup().buy()
    read = {scan(page.picture())}
    for scheme, forced in itertools.product(("light", "dark"), ("none", "active")):
        page.page.emulate_media(color_scheme=scheme, forced_colors=forced)
        read.add(scan(page.picture()))
        _, _, modules, _ = (page.code.get_attribute("viewBox") or "").split()
        assert quiet_zones(page.code.screenshot(), int(modules)) == [4, 4, 4, 4], (scheme, forced)
    assert len(read) == 1


def quiet_zones(picture: bytes, modules: int) -> list[int]:
    """How many modules of white are on each side of a code: decoders read darker grounds, too."""
    with Image.open(io.BytesIO(picture)) as image:
        grey = image.convert("L")
    middle, module = grey.width // 2, grey.width / modules
    sides = [(3, middle), (middle, 3), (grey.width - 4, middle), (middle, grey.height - 4)]
    assert [grey.getpixel(each) for each in sides] == [255] * 4
    inside = grey.crop((4, 16, grey.width - 4, grey.height - 16))
    left, _, right, _ = inside.point(lambda level: 255 * (level < 128)).getbbox() or (0, 0, 0, 0)
    upright = grey.crop((16, 4, grey.width - 16, grey.height - 4))
    _, top, _, bottom = upright.point(lambda level: 255 * (level < 128)).getbbox() or (0, 0, 0, 0)
    edges = (left + 4, top + 4, grey.width - (right + 4), grey.height - (bottom + 4))
    return [round(edge / module) for edge in edges]


def test_the_page_moves_for_who_did_not_ask_it_to_hold_still(machine: Machine) -> None:
    page = machine.popup().buy()
    page.picture()
    assert page.page.evaluate("document.getAnimations().length") > 0
    page.page.emulate_media(reduced_motion="reduce")
    assert page.page.evaluate("document.getAnimations().length") == 0


def test_a_purchase_needs_no_mouse_and_is_told_to_who_cannot_see(machine: Machine) -> None:
    page = machine.popup()
    expect(page.page.locator("#buy")).to_contain_text("¥99.00")
    tab_to(page.page, "buy")
    page.page.keyboard.press("Enter")
    paying = page.as_pay_page()
    paying.picture()
    code = page.page.get_by_role("img", name="Payment code for ¥99.00. Scan it with WeChat.")
    expect(code).to_be_visible()
    paying.pay()
    expect(page.page.locator("#status[role=status]")).to_have_text("Paid and unlocked")
    expect(paying.title).to_be_focused()
    tab_to(page.page, "license")
    page.page.keyboard.press("Enter")
    paying.expect_active()
    tab_to(page.page, "history")
    page.page.keyboard.press("Enter")
    refund = page.page.get_by_role("button", name="Ask for a refund")
    expect(refund).to_be_visible()
    tab_to(page.page, refund.get_attribute("id") or "")
    page.page.keyboard.press("Enter")
    expect(paying.title).to_be_focused()
    tab_to(page.page, "refund-now")
    page.page.keyboard.press("Enter")
    expect(page.page.locator("#status")).to_have_text("Refund of ¥99.00")
    assert machine.counter.clicks == 0


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the thing with this id has the focus."""
    for _ in range(MOST_TABS):
        if page.evaluate("document.activeElement.id") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"#{name} cannot be reached")
