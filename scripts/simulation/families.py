"""Families: who uses one license on several browsers over weeks, and who would like to.

Each lives one story, drawn beforehand. An owner's browser looks at the devices every day: it
removes those that nobody of the family knows, and objects to requests that nobody made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.simulation.devices import SILENT, Browser
from scripts.simulation.engine import DAY_MS, HOUR_MS
from scripts.simulation.promises import Promises
from scripts.simulation.stories import STORIES
from shared.domain.device import Way
from shared.use_cases.manage_devices import decide_takeover, list_devices, remove_device
from shared.use_cases.restore_license import Claim, restore_license

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.simulation.town import Town
    from shared.domain.license import License
    from shared.domain.order import Order
    from shared.errors import TongbaoError
    from shared.use_cases.claim_license import HandedOver


class Family:
    """The browsers of one license. `strangers` are those of who saw the bill."""

    def __init__(self, town: Town, name: str, story: str) -> None:
        self.town, self.name, self.story = town, name, story
        self.engine = town.engine
        self.order_id = self.license_id = self.number = self.license_key = ""
        self.promises = Promises(self)
        self.first = Browser(self, f"{name} first device", guards=True)
        self.browsers, self.strangers = [self.first], list[Browser]()

    def everybody(self) -> list[Browser]:
        """All that may hold a lease."""
        return self.browsers + self.strangers

    def stored_license(self) -> License:
        """The license as it is in the store."""
        found = self.town.world.licenses.load(self.license_id)
        assert found is not None
        return found

    def begin(self, order: Order, handed: HandedOver) -> None:
        """The first lease came: the weeks begin."""
        if self.license_id:
            return
        self.order_id, self.license_id = order.order_id, order.license_id
        self.number = order.out_trade_no
        self.license_key = handed.license_key or ""
        self.town.families.append(self)
        self.town.count(f"story: {self.story}")
        self.first.take(handed)
        self.engine.spawn(self.first.live)
        self.engine.spawn(self._tell_story)

    def join(self, *, by: Way, stranger: bool = False) -> Browser:
        """A new browser asks for a free slot, and lives on if it gets one."""
        browser = self.new_browser(stranger=stranger)
        self._until_heard(lambda: self.restore(browser, by)[1])
        return browser

    def new_browser(self, *, stranger: bool = False) -> Browser:
        """A browser with a key of its own."""
        group = self.strangers if stranger else self.browsers
        browser = Browser(self, f"{self.name} {stranger} {len(group)}")
        group.append(browser)
        return browser

    def restore(self, browser: Browser, by: Way,
                replaces: str | None = None) -> tuple[TongbaoError | None, str]:
        """One request, by order number or license key; the code of the answer, "" for a lease."""
        typed = self.number if by is Way.ORDER_NUMBER else self.license_key
        had = browser.claims
        error, code = browser.ask_for_lease(lambda it: restore_license(
            Claim(by, typed.lower(), replaces), browser.wanted, it.desk))
        self.town.count(f"restore: {code or 'done'}")
        if had is None and browser.claims is not None:
            self.engine.spawn(browser.live)
        return error, code

    def ask_for_slot(self, browser: Browser, by: Way, whose: Browser) -> str:
        """Ask for a free slot, and when there is none, for that one; the code."""
        for replaces in (None, whose.device_id):
            code = self._until_heard(lambda replaces=replaces: self.restore(
                browser, by, replaces)[1])
            if code != "DEVICE_LIMIT_REACHED":
                return code
        return code

    def remove(self, by: Browser, whom: Browser) -> str:
        """One browser takes another's slot away; the code."""
        if whom in self.browsers and by in self.browsers:
            self.promises.given_up.add(whom.device_id)
        code = self._until_heard(lambda: by.ask(lambda it: remove_device(
            self.license_id, by.wanted.thumbprint, whom.device_id, it.desk))[-1])
        self.town.count(f"remove: {code or 'done'}")
        return code

    def decide(self, by: Browser, takeover_id: str, *, approve: bool) -> str:
        """One browser approves a request or objects to it; the code."""
        code = self._until_heard(lambda: by.ask(lambda it: decide_takeover(
            self.license_id, by.wanted.thumbprint, takeover_id, approve=approve,
            desk=it.desk))[-1])
        self.town.count(f"{'approve' if approve else 'object'}: {code or 'done'}")
        if not code and not approve:
            self.promises.objected.add(takeover_id)
        return code

    def _until_heard(self, ask: Callable[[], str]) -> str:
        """Ask every few hours until somebody answers; the code."""
        for _ in range(100):
            code = ask()
            if code != SILENT:
                break
            self.engine.sleep_ms(4 * HOUR_MS)
        return code

    def seated(self) -> list[Browser]:
        """The family's browsers that have a slot."""
        there = {device.device_id for device in self.stored_license().devices}
        return [browser for browser in self.browsers if browser.device_id in there]

    def request(self) -> Any:
        """The request that waits, as it is stored."""
        return self.stored_license().takeover

    def guard(self, browser: Browser) -> None:
        """Look at the devices and the request, as every active device may."""
        listed, _, code = browser.ask(lambda it: list_devices(
            self.license_id, browser.wanted.thumbprint, it.desk))
        if code:
            return
        ours = {one.wanted.thumbprint for one in self.browsers}
        for device in listed.devices:
            strange = [one for one in self.strangers if one.device_id == device.device_id]
            if strange and not self.remove(browser, strange[0]):
                self.town.count("thief thrown out")
        asked = listed.takeover
        if asked is not None and asked.thumbprint not in ours and asked.is_open(
                self.engine.now_s):
            self.decide(browser, asked.takeover_id, approve=False)

    def pause(self, least_h: int, most_h: int) -> None:
        """Wait some hours."""
        self.engine.sleep_ms(self.engine.random.randint(least_h, most_h) * HOUR_MS)

    def either_way(self) -> Way:
        """By the bill's number, or by the license key."""
        return self.engine.random.choice((Way.ORDER_NUMBER, Way.LICENSE_KEY))

    def fill(self) -> list[Browser]:
        """All slots taken by the family."""
        while len(self.stored_license().devices) < self.stored_license().device_limit:
            if not self.join(by=self.either_way()).seated_at_s:
                break
            self.pause(1, 20)
        return self.browsers

    def go_away(self, browser: Browser, days: int) -> None:
        """No network from now on, for so many days."""
        now_ms = self.engine.now_ms
        browser.away = (now_ms, now_ms + days * DAY_MS)
        self.town.count(f"away for {days} days")

    def _tell_story(self) -> None:
        self.pause(1, 96)
        STORIES[self.story].tell(self)
