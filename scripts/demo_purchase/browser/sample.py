"""The sample extension, built for the running shop."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.demo_purchase.browser.failure import BrowserFailed
from scripts.demo_purchase.keys import ENVIRONMENT, ISSUER
from scripts.demo_purchase.stack import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from scripts.demo_purchase.stack import Stack

PRODUCT = "reader-pro"
SUPPORT = "mailto:help@shop.example"
ID_DIGITS = 32


@dataclass(frozen=True)
class Sample:
    """One build, to be loaded unpacked from `folder`."""

    folder: Path

    @property
    def id(self) -> str:
        """What Chromium calls an extension without a key: by where it lies."""
        return id_by(str(self.folder.resolve()).encode())

    @property
    def payment_page(self) -> str:
        """The page that sells."""
        return f"chrome-extension://{self.id}/pay.html"


def id_by(named: bytes) -> str:
    """Chromium's id of an extension, in letters a to p, by its key or by its folder."""
    digits = hashlib.sha256(named).hexdigest()[:ID_DIGITS]
    return "".join(chr(ord("a") + int(digit, 16)) for digit in digits)


def shop_of(stack: Stack) -> dict[str, Any]:
    """What the sample has to know of this shop, as extension/sample/src/shop.json has it."""
    return {"apiBase": {"createOrder": stack.urls["create-order"],
                        "licenseFetch": stack.urls["license-fetch"]},
            "product": PRODUCT, "issuer": ISSUER, "environment": ENVIRONMENT,
            "roots": list(stack.state.keys.pinned), "support": SUPPORT}


def build_sample(stack: Stack, folder: Path) -> Sample:
    """The sample for this shop, made in this folder; raises BrowserFailed."""
    return Sample(bundle(shop_of(stack), folder) / "chromium")


def bundle(shop: Mapping[str, Any], folder: Path) -> Path:
    """The builds for all browsers; raises BrowserFailed with what the build said."""
    settings, out = folder / "shop.json", folder / "extension"
    settings.write_text(json.dumps(shop, indent=2), encoding="utf-8")
    done = subprocess.run(
        ["node", "extension/build.mjs", "--shop", str(settings), "--out", str(out)],
        cwd=CHECKOUT, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BrowserFailed(f"the sample could not be built:\n{(done.stdout + done.stderr)[-800:]}")
    return out
