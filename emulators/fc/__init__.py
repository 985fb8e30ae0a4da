"""Emulates Alibaba Cloud Function Compute 3.0 on loopback; see README.md for what is covered."""

from emulators.fc.acs3 import AccessKey
from emulators.fc.events import Domain, http_event, timer_event
from emulators.fc.functions import Invocation
from emulators.fc.platform_values import Credentials
from emulators.fc.pool import InstanceCounters
from emulators.fc.rendered import RenderedError
from emulators.fc.server import FunctionComputeEmulator, Options
from emulators.fc.worker import FakeContext

__all__ = [
    "AccessKey",
    "Credentials",
    "Domain",
    "FakeContext",
    "FunctionComputeEmulator",
    "InstanceCounters",
    "Invocation",
    "Options",
    "RenderedError",
    "http_event",
    "timer_event",
]
