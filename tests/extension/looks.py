"""What is wrong with a page for who cannot see it, has no mouse, or has set colours or motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.extension.built import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text
AXE_FINDS = """axe.run().then(({violations}) => violations.map(
    ({id, nodes}) => `${id} ${nodes.map(({html}) => html.slice(0, 120))}`))"""
MOVES = "document.getAnimations().map(({animationName}) => `${animationName} moves`)"
EDGELESS = """[...document.querySelectorAll("button, a.primary, input, textarea, [aria-current]")]
    .filter(it => it.checkVisibility()).filter(it => {
        const {borderTopWidth, outlineStyle} = getComputedStyle(it);
        return it.type !== "radio" && borderTopWidth === "0px" && outlineStyle === "none";
    }).map(it => `no edge: ${it.outerHTML.slice(0, 120)}`)"""
STOPS = """[...document.querySelectorAll("a[href], button, input, textarea")]
    .filter(it => it.checkVisibility() && (it.type !== "radio" || it.checked)).map((it, place) => {
        it.dataset.stop = place;
        return it.outerHTML.slice(0, 120);
    })"""
STOPPED = """(() => {
    const it = document.activeElement;
    const seen = it.closest(".choice") ?? it;
    const shows = it.matches(":focus-visible") && getComputedStyle(seen).outlineStyle !== "none";
    return it.dataset.stop === undefined ? null : [Number(it.dataset.stop), shows];
})()"""
TAKE_AWAY = "document.querySelectorAll('[data-stop]').forEach(it => delete it.dataset.stop)"


def flaws(page: Page) -> list[str]:
    """By axe in the light and in the dark, without motion, in forced colours, and by keyboard."""
    page.evaluate(f"() => {{ if (!globalThis.axe) {{ {AXE(encoding='utf-8')} }} }}")
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{scheme}: {each}" for each in page.evaluate(AXE_FINDS)]
    found += page.evaluate(MOVES)
    page.emulate_media(color_scheme="light", forced_colors="active")
    found += page.evaluate(EDGELESS)
    page.emulate_media(forced_colors="none")
    return found + unreached(page)


def unreached(page: Page) -> list[str]:
    """What the Tab key does not come to, or comes to without showing so."""
    names: list[str] = page.evaluate(STOPS)
    shown = {}
    for _ in range(len(names) + 2):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOPPED)
        if stop is not None:
            shown[stop[0]] = stop[1]
    page.evaluate(TAKE_AWAY)
    return [f"no way by keyboard: {name}" if place not in shown else f"no focus seen: {name}"
            for place, name in enumerate(names) if not shown.get(place)]
