"""The emulator as one object: an address per function, the signed API, timers, logs, instances."""

from __future__ import annotations

import secrets
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulators.fc.acs3 import AccessKey, Verifier
from emulators.fc.control import PREFIX, ControlApi
from emulators.fc.events import timer_event
from emulators.fc.functions import EmulatedFunction, Invocation
from emulators.fc.http_io import HttpServer, Request
from emulators.fc.invoke_api import InvokeApi
from emulators.fc.platform_values import ACCOUNT_ID, Credentials, instance_spec
from emulators.fc.rendered import FunctionSpec, RenderedError, check_environment_size, read
from emulators.fc.timers import TimerSchedule
from emulators.fc.triggers import Gateway, HttpEntry

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from types import TracebackType

    from emulators.fc.instances import InstanceSpec
    from emulators.fc.pool import InstanceCounters
    from emulators.fc.responses import Response


@dataclass(frozen=True)
class Options:
    """What rarely matters.

    `ports` maps function names (or `api`, `gateway`) to ports or listeners; others are chosen
    freely. `code` replaces a function's `code` by folders of the source tree, the first being the
    working directory. `python` is the interpreter's command for the instances.
    """

    ports: Mapping[str, int | socket.socket] = field(default_factory=dict)
    code: Mapping[str, Sequence[str | Path]] = field(default_factory=dict)
    host: str = "127.0.0.1"
    now_s: Callable[[], float] = time.time
    retry_delay_s: float = 0.0
    credentials: Credentials | None = None
    access_key: AccessKey | None = None


class FunctionComputeEmulator:
    """Runs the fc3 functions of a rendered s.yaml.

    `rendered` is the parsed output of `s preview -o json`; `code` folders are relative to
    `code_root`. `env` replaces values of variables that a function declares; a variable that it
    does not declare never reaches it. Functions are named by functionName or by resource.

    Raises RenderedError when the file could not be deployed or emulated.
    """

    def __init__(
        self,
        rendered: Mapping[str, Any],
        code_root: str | Path,
        env: Mapping[str, str] | None = None,
        python: str | Sequence[str] = sys.executable,
        *,
        options: Options | None = None,
    ) -> None:
        self.options = options if options is not None else Options()
        self.rendered = read(rendered)
        self.access_key = self.options.access_key or AccessKey(
            f"LTAI-emulated-{secrets.token_hex(4)}", secrets.token_hex(16)
        )
        self.credentials = self.options.credentials or Credentials(
            f"STS.emulated-{secrets.token_hex(4)}", secrets.token_hex(16), secrets.token_hex(32)
        )
        self._code_root = Path(code_root).resolve()
        self._env = dict(env or {})
        self._python = [python] if isinstance(python, str) else list(python)
        self._functions = {spec.name: self._function(spec) for spec in self.rendered.functions}
        self._timers = TimerSchedule(self.rendered.functions, int(self.options.now_s()))
        self._servers: dict[str, HttpServer] = {}

    @property
    def notes(self) -> list[str]:
        """What was left out, and given variables that no function declares."""
        declared = {name for spec in self.rendered.functions for name in spec.environment}
        unused = sorted(set(self._env) - declared)
        return [*self.rendered.notes, *(f"{name}: no function declares it" for name in unused)]

    def start(self) -> FunctionComputeEmulator:
        """Open the ports. Instances start with the first request, as on the platform."""
        verifier = Verifier(self.access_key, self.options.now_s)
        entries = {
            name: HttpEntry(function, verifier, self.options.now_s, ACCOUNT_ID)
            for name, function in self._functions.items()
        }
        api = InvokeApi(self._functions, verifier, self.options.now_s)
        control = ControlApi(self)

        def api_or_control(request: Request) -> Response:
            chosen = control if request.path.startswith(PREFIX) else api
            return chosen.answer(request)

        try:
            for name, entry in entries.items():
                self._serve(name, entry.default_address)
            self._serve("api", api_or_control)
            if self.rendered.routes:
                self._serve(
                    "gateway", Gateway(self.rendered.routes, entries, self.options.now_s).answer
                )
        except OSError:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Kill all instances, close all ports."""
        for function in self._functions.values():
            function.close()
        for server in self._servers.values():
            server.close()
        self._servers = {}

    def __enter__(self) -> FunctionComputeEmulator:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def api_endpoint(self) -> str:
        """host:port of the signed API, for the SDK's Config.endpoint."""
        return self._servers["api"].url.removeprefix("http://")

    @property
    def control_url(self) -> str:
        """Base address of the control API (see control.py)."""
        return f"{self._servers['api'].url}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        """Base address of the custom domains. Raises KeyError when s.yaml routes none."""
        return self._servers["gateway"].url

    def url(self, function_name: str) -> str:
        """Base address of one function, without a slash at the end."""
        return self._servers[self._named(function_name).spec.name].url

    def invoke(self, function_name: str, payload: bytes) -> Invocation:
        """Invoke with these event bytes and wait."""
        return self._named(function_name).invoke(payload)

    def invoke_async(self, function_name: str, payload: bytes) -> Future[Invocation]:
        """Invoke as the platform does asynchronously, with retries."""
        return self._named(function_name).invoke_async(payload)

    def fire_timer(
        self, function_name: str, trigger_name: str, *, at_s: float | None = None
    ) -> Invocation:
        """Fire one timer as if its time had come, retries included, and wait for the end."""
        function = self._named(function_name)
        for timer in function.spec.timers:
            if timer.name == trigger_name:
                now_s = self.options.now_s() if at_s is None else at_s
                event = timer_event(timer.name, timer.payload, now_s=now_s)
                return function.invoke_async(event).result()
        raise KeyError(f"{function.spec.name} has no timer {trigger_name!r}")

    def run_timers(self, after_s: int, until_s: int) -> list[Invocation]:
        """Fire, in order, everything that is due later than `after_s` up to `until_s`."""
        return [
            self.fire_timer(firing.function_name, firing.trigger_name, at_s=firing.at_s)
            for firing in self._timers.due(after_s, until_s)
        ]

    def drain(self, function_name: str, timeout_s: float = 60.0) -> list[Invocation]:
        """Wait for all asynchronous invocations; those finished so far. Raises TimeoutError."""
        return self._named(function_name).drain(timeout_s)

    def instances(self, function_name: str) -> InstanceCounters:
        """How many instances there are and were."""
        return self._named(function_name).pool.counters()

    def kill_instances(self, function_name: str) -> None:
        """Kill every process of the function; requests under way fail as after a crash."""
        self._named(function_name).pool.kill_all()

    def update_environment(self, function_name: str, variables: Mapping[str, str]) -> None:
        """Deploy the function again with these variables changed: its instances are new ones.

        Unlike the platform, which lets instances finish, a request under way fails.
        """
        function = self._named(function_name)
        env = {**self._env, **variables}
        function.update(self._instance_spec(function.spec, env))
        self._env = env

    def logs(self, function_name: str, request_id: str | None = None) -> list[str]:
        """What the function printed, line by line; of one request if asked."""
        return [line.text for line in self._named(function_name).log.lines(request_id)]

    def _named(self, name: str) -> EmulatedFunction:
        return self._functions[self.rendered.find(name).name]

    def _serve(self, name: str, app: Callable[[Request], Response]) -> None:
        ports = dict(self.options.ports)
        if name in self._functions:
            port = ports.get(name, ports.get(self.rendered.find(name).resource, 0))
        else:
            port = ports.get(name, 0)
        self._servers[name] = HttpServer(app, port=port, host=self.options.host)

    def _function(self, spec: FunctionSpec) -> EmulatedFunction:
        return EmulatedFunction(
            spec,
            self._instance_spec(spec, self._env),
            now_s=self.options.now_s,
            retry_delay_s=self.options.retry_delay_s,
        )

    def _instance_spec(self, spec: FunctionSpec, env: Mapping[str, str]) -> InstanceSpec:
        environment = {name: env.get(name, value) for name, value in spec.environment.items()}
        check_environment_size(spec.resource, environment)
        paths = self.options.code.get(spec.name, self.options.code.get(spec.resource, [spec.code]))
        folders = [(self._code_root / path).resolve() for path in paths]
        for folder in folders:
            if not folder.is_dir():
                raise RenderedError(f"{spec.resource}: there is no folder {folder}")
        return instance_spec(
            spec,
            python=self._python,
            code_paths=[str(f) for f in folders],
            environment=environment,
            credentials=self.credentials,
        )
