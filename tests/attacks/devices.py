"""A license on its buyer's device, and what others of that license are asked for in attacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.attacks.asking import Asking
from tests.wire.device import Device

if TYPE_CHECKING:
    from shared.domain.license import License
    from tests.attacks.shop import Purchase, Seen, Shop


@dataclass(frozen=True)
class Owned:
    """A paid license, active on the device of who bought it."""

    shop: Shop
    bought: Purchase
    license_id: str
    license_key: str

    @property
    def owner(self) -> Device:
        """The device that the claim secret activated."""
        return self.bought.buyer.device

    @property
    def stored(self) -> License:
        """The license as it is stored."""
        license_ = self.shop.licenses().load(self.license_id)
        assert license_ is not None
        return license_

    def id_of(self, device: Device) -> str:
        """The name of a device that has a slot."""
        return next(one.device_id for one in self.stored.devices
                    if one.thumbprint == device.thumbprint)

    def holds(self, device: Device) -> bool:
        """Whether this device has a slot."""
        return any(one.thumbprint == device.thumbprint for one in self.stored.devices)

    def by_number(self, device: Device, **fields: str) -> Seen:
        """A device that knows the number in the bill asks for a slot."""
        return self.shop.ask(Asking.restore(
            device, order_number=self.bought.out_trade_no, **fields))

    def by_key(self, device: Device, **fields: str) -> Seen:
        """A device that knows the license key asks for a slot."""
        return self.shop.ask(Asking.restore(device, license_key=self.license_key, **fields))

    def remove(self, by: Device, device: Device) -> Seen:
        """A device takes another, or itself, off the license."""
        return self.shop.ask(Asking.remove(by, self.license_id, self.id_of(device)))

    def decide(self, by: Device, decision: str) -> Seen:
        """A device approves the request that waits, or objects to it."""
        takeover = self.stored.takeover
        assert takeover is not None
        return self.shop.ask(Asking.decide(by, self.license_id, takeover.takeover_id, decision))

    def refresh(self, device: Device) -> Seen:
        """A device asks for its next lease."""
        return self.shop.ask(Asking.refresh(device, self.license_id))

    def listed(self, device: Device) -> Any:
        """The devices as this one sees them."""
        seen = self.shop.ask(Asking.devices(device, self.license_id))
        assert seen.status == 200
        return seen.body

    def filled(self) -> tuple[Device, Device]:
        """All slots taken: two devices more, by the license key, long enough to have a voice."""
        others = Device(), Device()
        for device in others:
            assert self.by_key(device).status == 200
        self.shop.age(self.license_id, 3)
        return others


def owned(shop: Shop) -> Owned:
    """A license, bought, paid and claimed."""
    bought = shop.purchase()
    assert shop.tell(shop.notify_of(bought)).status == 200
    told = shop.ask(Asking.claim(bought.buyer, bought.order_id)).body["license"]
    return Owned(shop, bought, told["license_id"], told["license_key"])
