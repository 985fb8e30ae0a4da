"""What a browser asks the user about before it installs the sample: nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from scripts.demo_purchase.browser.failure import BrowserFailed
from scripts.demo_purchase.browser.sample import bundle
from tests.extension.built import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.extension.built import Build
    from tests.extension.machine import Machine
    from tests.extension.world import World

WITHOUT_WARNING = {"storage", "alarms"}
"""developer.chrome.com/docs/extensions/reference/permissions-list: these warn of nothing."""
WARNED_OF = ("host_permissions", "optional_host_permissions", "content_scripts",
             "externally_connectable", "web_accessible_resources", "chrome_url_overrides")


def test_the_manifest_asks_for_nothing_that_is_warned_of(built: Build) -> None:
    manifest = built.manifest()
    assert set(manifest["permissions"]) == WITHOUT_WARNING
    assert [name for name in WARNED_OF if name in manifest] == []
    assert "content_security_policy" not in manifest  # the strict one that browsers have


def test_the_browser_grants_no_origin_and_loads_the_extension_without_a_complaint(
        machine: Machine) -> None:
    page = machine.tab("popup.html")
    granted = page.evaluate("chrome.permissions.getAll()")
    assert (sorted(granted["permissions"]), granted["origins"]) == (["alarms", "storage"], [])


def test_the_package_holds_no_source_and_no_remote_code(built: Build) -> None:
    names = [path.name for path in built.folder.rglob("*") if path.is_file()]
    assert [name for name in names if name.endswith((".ts", ".map", ".mjs", ".md"))] == []
    for page in built.folder.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"(?:src|href)=\"(?:https?:)?//", text) == []
        assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    for script in built.folder.glob("*.js"):
        code = script.read_text(encoding="utf-8")
        assert re.findall(r"\beval\(|new Function\(|\.innerHTML\s*=", code) == [], script.name


def test_what_the_repository_sells_pins_no_root_of_a_test(built: Build) -> None:
    shop = (ROOT / "extension" / "sample" / "src" / "shop.json").read_text(encoding="utf-8")
    assert '"roots": []' in shop


@pytest.mark.parametrize(("change", "said"), [
    ({"environment": "Live"}, "environment"), ({"roots": []}, "roots"), ({"issuer": ""}, "issuer")])
def test_a_shop_whose_buyers_would_pay_and_never_unlock_is_not_built(
        world: World, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(BrowserFailed, match=said):
        bundle(world.shop(**change), tmp_path)
    assert not (tmp_path / "extension").exists()


def test_whose_code_is_bundled_is_told_with_its_license(built: Build) -> None:
    for folder in (built.folder, built.folder.parent / "firefox", built.folder.parent / "sdk"):
        told = (folder / "THIRD-PARTY.txt").read_text(encoding="utf-8")
        terms = (ROOT / "node_modules" / "lean-qr" / "LICENSE").read_text(encoding="utf-8")
        assert f"lean-qr\n\n{terms}" in told


@pytest.mark.parametrize("spoiled", [False, True])
def test_the_linter_of_firefox_has_nothing_to_say(
        built: Build, tmp_path: Path, spoiled: bool) -> None:
    package = tmp_path / "firefox"
    shutil.copytree(built.folder.parent / "firefox", package)
    if spoiled:
        script = package / "popup.js"
        script.write_text(script.read_text(encoding="utf-8") + "\ndocument.body.innerHTML=name;")
    done = subprocess.run(
        ["node", "node_modules/web-ext/bin/web-ext.js", "lint", "--source-dir", str(package),
         "--output", "json", "--no-config-discovery", "--no-input"],
        cwd=ROOT, check=False, capture_output=True, text=True)
    found = json.loads(done.stdout)["summary"]
    assert found == {"errors": 0, "notices": 0, "warnings": int(spoiled)}, done.stdout
