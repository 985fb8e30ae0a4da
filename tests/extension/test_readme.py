"""The lines of extension/README.md, typed off into an extension that has nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.extension.built import ROOT, Build
from tests.extension.pages import PayPage
from tests.extension.test_package import WITHOUT_WARNING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.extension.machine import Machine
    from tests.extension.world import World

README = (ROOT / "extension" / "README.md").read_text(encoding="utf-8")
LINES_AT_MOST = 15
TAKEN_FROM_THE_BUILD = ("pay.html", "pay.js", "styles", "icons", "_locales")
POPUP = """<!doctype html>
<button>Buy</button><p id="locked"></p><p id="heard"></p>
<script type="module" src="popup.js"></script>"""
AROUND = """const button = document.querySelector("button")!;
const unlock = (): void => document.querySelector("#locked")!.replaceChildren("unlocked");
const render = (state: { status: string }): void =>
  document.querySelector("#heard")!.replaceChildren(state.status);
"""
"""What the lines call of the seller's own code."""
REST = """
document.body.dataset["ready"] = "yes";
export {};
"""


def block(heading: str, language: str) -> str:
    """The first code in this language below a heading."""
    found = re.search(rf"^## {heading}\n.*?^```{language}\n(.*?)^```$", README, re.M | re.S)
    assert found is not None
    return found[1]


def files(lines: str) -> dict[str, str]:
    """What stands below each comment that begins with a file's name."""
    parts = re.split(r"^// (\w+)\.ts\b.*\n", lines, flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def compiled(folder: Path, out: Path) -> None:
    """By TypeScript at its strictest."""
    compiler = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        ["node", str(compiler), "--strict", "--target", "es2022", "--module", "esnext",
         "--moduleResolution", "bundler", "--lib", "es2022,dom", "--rootDir", str(folder),
         "--outDir", str(out), *map(str, folder.glob("*.ts"))],
        cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK as sellers in TypeScript take it."""
    out = tmp_path_factory.mktemp("typed")
    subprocess.run(["node", "extension/build.mjs", "--types", "--out", str(out)],
                   cwd=ROOT, check=True, capture_output=True)
    return out / "sdk"


@pytest.fixture
def seller(built: Build, world: World, typed: Path, tmp_path: Path) -> Build:
    """An extension of these lines, and of what they say has to be in the package."""
    lines, sources, folder = files(block("In fifteen lines", "ts")), tmp_path / "ts", tmp_path / "p"
    shutil.copytree(typed, sources)
    folder.mkdir()
    shop = world.shop()
    del shop["support"]
    asked = json.dumps({**shop, "minSeq": 1})
    lines["shop"] = re.sub(r"(?<=WeChatIntegration\()\{.*\}(?=\);)", lambda _: asked,
                           lines["shop"], flags=re.S)
    lines["popup"] = AROUND + lines["popup"] + REST
    for name, text in lines.items():
        (sources / f"{name}.ts").write_text(text, encoding="utf-8")
    compiled(sources, folder)
    shutil.copy(typed / "tongbao.js", folder)
    for name in TAKEN_FROM_THE_BUILD:
        taken = built.folder / name
        (shutil.copytree if taken.is_dir() else shutil.copy)(taken, folder / name)
    (folder / "popup.html").write_text(POPUP)
    (folder / "manifest.json").write_text(json.dumps({
        "manifest_version": 3, "name": "Of these lines", "version": "1",
        "action": {"default_popup": "popup.html"},
        **json.loads("{" + block("In fifteen lines", "json") + "}")}))
    return Build(folder, built.id, built.key)


def test_the_lines_are_no_more_than_they_say() -> None:
    lines = [line for line in block("In fifteen lines", "ts").splitlines()
             if line.strip() and not line.startswith("//")]
    assert len(lines) <= LINES_AT_MOST


def test_an_extension_of_these_lines_sells_and_unlocks(
        machines: Callable[..., Machine], seller: Build, world: World) -> None:
    assert set(seller.manifest()["permissions"]) == WITHOUT_WARNING
    machine = machines(build=seller)
    popup = machine.tab("popup.html")
    expect(popup.locator("[data-ready]")).to_be_visible()
    expect(popup.locator("#locked")).to_have_text("")
    with machine.context.expect_page() as opened:
        popup.locator("button").click()
    page = PayPage(opened.value, machine.counter, world)
    page.click("buy")
    page.pay()
    expect(popup.locator("#heard")).to_have_text("active")
    machine.context.set_offline(True)
    expect(machine.tab("popup.html").locator("#locked")).to_have_text("unlocked")


def test_the_lines_for_extensionpay_need_one_import_and_are_typed(
        typed: Path, tmp_path: Path) -> None:
    lines = files("// everywhere.ts\n".join(
        block("Coming from ExtensionPay", "ts").split("// everywhere else\n")))
    sources = tmp_path / "ts"
    shutil.copytree(typed, sources)
    for name, value in (("apiBase", "https://a.example"), ("product", "p"), ("issuer", "i")):
        lines["shop"] = lines["shop"].replace(f"{name},", f'{name}: "{value}",')
    lines["shop"] = lines["shop"].replace("roots,", "roots: [],")
    lines["everywhere"] = "const unlock = (): void => undefined;\n" + lines["everywhere"]
    for name, text in lines.items():
        (sources / f"{name}.ts").write_text(text, encoding="utf-8")
    compiled(sources, tmp_path / "out")
