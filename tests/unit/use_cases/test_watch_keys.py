"""The end of the key set is told in time."""

from __future__ import annotations

import pytest

from shared.key_set import EXPIRES_SOON_S, KeySet
from shared.use_cases.watch_keys import watch_keys
from tests.fakes.clock import FakeClock
from tests.fakes.log import RecordingLog

DAY_S = 86_400


@pytest.mark.parametrize(("left_s", "told"), [
    (EXPIRES_SOON_S + 1, []), (EXPIRES_SOON_S, ["keys.expiring"]), (1, ["keys.expiring"]),
    (0, ["keys.expired"]), (-DAY_S, ["keys.expired"])])
def test_the_end_is_told_sixty_days_before(left_s: int, told: list[str]) -> None:
    clock, log = FakeClock(), RecordingLog()
    key_set = KeySet("text", "tongbao:TB01", "test", 7, clock.now_s() + left_s, ())
    assert watch_keys(key_set, clock, log) == max(0, left_s) // DAY_S
    assert log.names() == told
