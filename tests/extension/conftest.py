"""A shop, a build of the sample for it, and machines of buyers with a real Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from scripts.checks.browser import missing, must_run
from tests.extension.built import Build, build
from tests.extension.machine import Machine, Shop
from tests.extension.pool import Pool
from tests.extension.world import World, running

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from playwright.sync_api import Playwright

PATIENCE_MS = 60_000
"""No promise to buyers: a machine with much else to do is several times slower."""
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport,
                                                              pytest.TestReport]:
    """Remember that a test failed, so that its pages are told."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="package")
def tools() -> None:
    """Skips where the browser or Node is missing, and says what to install; fails under CI."""
    why = missing()
    if why is not None:
        pytest.fail(why) if must_run() else pytest.skip(why)


@pytest.fixture(scope="package")
def playwright(tools: None) -> Iterator[Playwright]:
    """The driver."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="package")
def running_world(tools: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The shop, up until the last test."""
    with running(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture(scope="package")
def built(running_world: World, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The sample for this shop."""
    return build(tmp_path_factory.mktemp("build"), running_world.shop())


@pytest.fixture(scope="package")
def pool(playwright: Playwright) -> Iterator[Pool]:
    """The browsers that tests of this worker share, one after the other."""
    shared = Pool()
    yield shared
    shared.close()


@pytest.fixture
def world(running_world: World) -> Iterator[World]:
    """The shop without a fault of an earlier test."""
    yield running_world
    running_world.stack.wechatpay.clear_faults()


@pytest.fixture
def machines(playwright: Playwright, built: Build, world: World, pool: Pool,
             request: pytest.FixtureRequest) -> Iterator[Callable[..., Machine]]:
    """Makes machines; the browsers that still run are left to the next test, or quit."""
    made: list[Machine] = []
    tmp_path: Path = request.getfixturevalue("tmp_path")
    record_property: Callable[[str, Any], None] = request.getfixturevalue("record_property")

    def machine(language: str = "en", copy_of: Machine | None = None,
                build: Build = built) -> Machine:
        folder = tmp_path / f"machine-{len(made)}"
        folder.mkdir()
        shop = Shop(playwright.chromium, build, world, pool)
        made.append(Machine(shop, folder, language)
                    if copy_of is None else copy_of.copied_to(folder))
        return made[-1]

    yield machine
    for each in made:
        if request.node.stash.get(FAILED, False):
            each.tell()
            each.stop()
        each.leave()
        for seconds in each.counter.unlocked_after_s:
            record_property("unlocked_after_s", seconds)


@pytest.fixture
def machine(machines: Callable[..., Machine]) -> Machine:
    """One buyer's machine."""
    return machines()
