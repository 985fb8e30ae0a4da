"""What families live through: second devices, lost keys, full licenses, thieves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scripts.simulation.instances import Gone
from shared.domain.device import Way
from shared.errors import TongbaoError
from shared.use_cases import operate
from shared.use_cases.restore_license import Claim, restore_license

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulation.devices import Browser
    from scripts.simulation.families import Family


class Story(NamedTuple):
    """One life, and how often of a thousand it is lived."""

    often: int
    tell: Callable[[Family], None]


def _alone(family: Family) -> None:
    if family.engine.random.random() < 0.4:
        family.go_away(family.first, 14)


def _second(family: Family) -> None:
    second = family.join(by=family.either_way())
    family.pause(24, 200)
    family.go_away(second, 14)


def _lost(family: Family) -> None:
    """The browser is installed anew: its key is gone, and so is its slot, until it is dark."""
    for _ in range(2):
        _lose(family, family.browsers[-1])
        family.join(by=family.either_way())
        family.pause(24, 300)


def _lose(family: Family, browser: Browser) -> None:
    browser.is_lost = True
    family.promises.given_up.add(browser.device_id)


def _full(family: Family, by: Way = Way.ORDER_NUMBER) -> tuple[Browser, str]:
    """A browser more than there are slots, which asks for one of them; and what it hears."""
    *_, old = family.fill()
    newcomer = family.new_browser()
    family.promises.given_up.add(old.device_id)
    return newcomer, family.ask_for_slot(newcomer, by, old)


def _approved(family: Family) -> None:
    newcomer, _ = _full(family, family.either_way())
    family.pause(1, 60)
    asked = family.request()
    if asked is not None:
        family.decide(family.first, asked.takeover_id, approve=True)
        family.pause(1, 5)
        family.restore(newcomer, asked.way)


def _regretted(family: Family) -> None:
    """The family objects to its own request; asked again, it is barred this way."""
    newcomer, _ = _full(family)
    asked = family.request()
    if asked is not None:
        family.decide(family.first, asked.takeover_id, approve=False)
        family.pause(74, 100)
        family.ask_for_slot(newcomer, asked.way, family.browsers[1])


def _ripe(family: Family) -> None:
    newcomer, _ = _full(family, family.either_way())
    asked = family.request()
    if asked is None:
        return
    for _ in range(2):
        family.pause(30, 40)
        family.restore(newcomer, asked.way)
    family.pause(20, 40)
    if not family.restore(newcomer, asked.way)[1]:
        family.town.count("swapped after three days")


def _given_up(family: Family) -> None:
    """Asked, and never came back; two weeks later another browser asks."""
    _full(family)
    family.pause(15 * 24, 17 * 24)
    family.ask_for_slot(family.new_browser(), Way.ORDER_NUMBER, family.browsers[1])


def _key_over_number(family: Family) -> None:
    """While somebody with the number asks, the one with the key goes first."""
    family.fill()
    family.ask_for_slot(family.new_browser(stranger=True), Way.ORDER_NUMBER, family.first)
    family.promises.given_up.add(family.browsers[1].device_id)
    newcomer = family.new_browser()
    family.ask_for_slot(newcomer, Way.LICENSE_KEY, family.browsers[1])
    family.pause(73, 90)
    family.restore(newcomer, Way.LICENSE_KEY)


def _swapper(family: Family) -> None:
    """Two devices after another in each of two slots, three times: more than in 90 days may go.

    Each has been there for three days: to remove it sooner were to object to it.
    """
    for _ in range(3):
        family.fill()
        family.pause(73, 76)
        for old in family.seated()[-2:]:
            if family.remove(family.first, old) == "DEVICE_SWAP_LIMIT":
                family.town.count("swaps stopped")
                return


def _thief_finds_a_slot(family: Family) -> None:
    thief = family.join(by=Way.ORDER_NUMBER, stranger=True)
    family.remove(thief, family.first)
    family.ask_for_slot(family.new_browser(stranger=True), Way.ORDER_NUMBER, family.first)
    family.pause(73, 80)
    family.remove(thief, family.first)


def _thief_asks(family: Family) -> None:
    family.fill()
    thief = family.new_browser(stranger=True)
    for _ in range(4):
        family.ask_for_slot(thief, Way.ORDER_NUMBER, family.first)
        family.pause(60, 80)
    if thief.claims is None:
        family.town.count("thief went away")


def _guesses(family: Family) -> None:
    """Typing errors, and numbers that nobody has."""
    browser = family.new_browser(stranger=True)
    wrong = "X" + family.number[1:]
    for typed in (wrong, family.number[:-1], family.number[::-1]):
        browser.ask_for_lease(lambda it, typed=typed: restore_license(
            Claim(Way.ORDER_NUMBER, typed), browser.wanted, it.desk))
    family.join(by=Way.LICENSE_KEY)


def _erased(family: Family) -> None:
    """The buyer asks to be forgotten, and comes back after all."""
    _operate(family, lambda it: operate.erase_buyer(
        family.order_id, it.operators, name="ada"))
    family.pause(1, 40)
    family.restore(family.first, Way.ORDER_NUMBER)


def _helped(family: Family) -> None:
    """An operator takes a device away that nobody has any more."""
    *_, old = family.fill()
    _lose(family, old)
    _operate(family, lambda it: operate.remove_device(
        family.order_id, old.device_id, it.operators, name="ada"))
    family.join(by=Way.LICENSE_KEY)


def _refunded(family: Family) -> None:
    """All the money goes back, weeks later, while one device is away."""
    second = family.join(by=Way.LICENSE_KEY)
    family.pause(24, 300)
    family.go_away(second, 14)
    family.pause(1, 24)
    family.town.wechat.refund_in_console(family.number, 1.0)


def _operate(family: Family, act: Callable[..., object]) -> None:
    for _ in range(5):
        try:
            family.town.network.ask("admin", act)
            return
        except (TongbaoError, Gone):
            family.pause(1, 1)


STORIES = {
    "alone": Story(250, _alone), "second device": Story(150, _second),
    "lost keys": Story(80, _lost), "approved": Story(60, _approved),
    "regretted": Story(30, _regretted), "ripe": Story(60, _ripe),
    "given up": Story(20, _given_up), "key over number": Story(30, _key_over_number),
    "swapper": Story(40, _swapper), "thief in a free slot": Story(70, _thief_finds_a_slot),
    "thief at a full license": Story(70, _thief_asks), "guesses": Story(30, _guesses),
    "erased": Story(30, _erased), "helped": Story(30, _helped),
    "refunded late": Story(50, _refunded)}
