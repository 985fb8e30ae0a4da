"""How the browser is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

QUIET = ("--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")
NOWHERE = ("--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>")
"""Every request goes to a proxy that is not there."""
WITHOUT_ED25519 = """(subtle => {
    for (const name of ["importKey", "generateKey"]) {
        const real = subtle[name];
        subtle[name] = function (...given) {
            if (!given.some(it => (it?.name ?? it) === "Ed25519")) return real.apply(this, given);
            globalThis.askedForEd25519 = (globalThis.askedForEd25519 ?? 0) + 1;
            return Promise.reject(new DOMException("Unrecognized name", "NotSupportedError"));
        };
    }
})(SubtleCrypto.prototype);
"""
"""What Chromium before 137 does; today's has no flag for it."""
MOVED_CLOCK = """globalThis.Date = class extends Date {
    constructor(...given) {
        super(...(given.length ? given : [Date.now()]));
    }
    static now() {
        return super.now() + AHEAD_MS;
    }
};
"""


def moved_clock(ahead_s: int) -> str:
    """A clock that is ahead by so much, for the scripts that these words stand before."""
    return MOVED_CLOCK.replace("AHEAD_MS", str(ahead_s * 1000)) if ahead_s else ""


def flags(extension: Path, language: str, *, cut_off: bool) -> list[str]:
    """What Chromium is started with."""
    return [*QUIET, *(NOWHERE if cut_off else ()), f"--lang={language}",
            f"--load-extension={extension}", f"--disable-extensions-except={extension}"]
