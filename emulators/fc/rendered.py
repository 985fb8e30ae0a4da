"""Reads what `s preview -t s.yaml -o json --silent` prints into the functions to emulate.

Refuses what a deployment would refuse (reserved variable names, more than 4 KB of variables) and
what is not emulated but would change behaviour; anything else it skips is listed in `notes`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_ENVIRONMENT_BYTES = 4096
DEFAULT_TIMEOUT_S = 3
DEFAULT_INITIALIZER_TIMEOUT_S = 3
DEFAULT_ASYNC_RETRIES = 3
RUNTIMES = ("python3.10", "python3.12")


class RenderedError(ValueError):
    """The rendered file cannot be emulated, or could not be deployed."""


@dataclass(frozen=True)
class HttpTrigger:
    """An HTTP trigger; `auth` is anonymous or function (a signed request)."""

    name: str
    auth: str
    methods: frozenset[str]
    internet_disabled: bool


@dataclass(frozen=True)
class TimerTrigger:
    """A timer; `cron_expression` as the platform takes it."""

    name: str
    cron_expression: str
    payload: str
    enabled: bool


@dataclass(frozen=True)
class Initializer:
    """Runs once in every new instance."""

    handler: str
    timeout_s: float


@dataclass(frozen=True)
class FunctionSpec:
    """One fc3 resource."""

    resource: str
    name: str
    region: str
    runtime: str
    handler: str
    code: str
    timeout_s: float
    memory_mb: int
    initializer: Initializer | None
    environment: dict[str, str] = field(repr=False)
    has_role: bool
    reserved_concurrency: int | None
    async_retries: int
    log_project: str
    log_store: str
    http: HttpTrigger | None
    timers: tuple[TimerTrigger, ...]


@dataclass(frozen=True)
class Route:
    """One path of a custom domain; `path` may end in `*`."""

    domain: str
    path: str
    function_name: str
    methods: frozenset[str]

    def matches(self, path: str) -> bool:
        """Whether the route takes this decoded path."""
        if self.path.endswith("*"):
            return path.startswith(self.path[:-1])
        return path == self.path


@dataclass(frozen=True)
class Rendered:
    """Everything the emulator runs, and what it left out."""

    functions: tuple[FunctionSpec, ...]
    routes: tuple[Route, ...]
    notes: tuple[str, ...]

    def find(self, name: str) -> FunctionSpec:
        """A function by its name or by its resource in s.yaml. Raises KeyError."""
        for spec in self.functions:
            if name in (spec.name, spec.resource):
                return spec
        raise KeyError(
            f"no function {name!r}; there are: {', '.join(spec.name for spec in self.functions)}"
        )


def read(document: Mapping[str, Any]) -> Rendered:
    """Read the rendered document. Raises RenderedError."""
    functions: list[FunctionSpec] = []
    routes: list[Route] = []
    notes: list[str] = []
    for resource, entry in document.get("resources", {}).items():
        component = str(entry.get("component", "")).partition("@")[0].rpartition("/")[2]
        props = entry.get("props", {})
        if component == "fc3":
            functions.append(_function(resource, props, notes))
        elif component == "fc3-domain":
            routes.extend(_routes(props))
        else:
            notes.append(f"{resource}: component {component!r} is not emulated")
    names = [spec.name for spec in functions]
    if len(set(names)) != len(names):
        raise RenderedError("two resources have the same functionName")
    return Rendered(tuple(functions), tuple(routes), tuple(notes))


def _function(resource: str, props: Mapping[str, Any], notes: list[str]) -> FunctionSpec:
    for key in ("functionName", "runtime", "handler", "code"):
        if not isinstance(props.get(key), str):
            raise RenderedError(f"{resource}: {key} is missing or not a string")
    if props["runtime"] not in RUNTIMES:
        raise RenderedError(
            f"{resource}: runtime {props['runtime']!r} is not emulated; "
            f"there are: {', '.join(RUNTIMES)}"
        )
    https, timers = _triggers(resource, props.get("triggers") or [], notes)
    if len(https) > 1:
        raise RenderedError(f"{resource}: only one HTTP trigger is possible")
    log = props.get("logConfig")
    log = log if isinstance(log, dict) else {}
    retries = (props.get("asyncInvokeConfig") or {}).get("maxAsyncRetryAttempts")
    return FunctionSpec(
        resource=resource,
        name=props["functionName"],
        region=str(props.get("region", "cn-hangzhou")),
        runtime=props["runtime"],
        handler=_dotted(resource, props["handler"]),
        code=props["code"],
        timeout_s=float(props.get("timeout", DEFAULT_TIMEOUT_S)),
        memory_mb=int(props.get("memorySize", 512)),
        initializer=_initializer(resource, props),
        environment=_environment(resource, props.get("environmentVariables") or {}),
        has_role=bool(props.get("role")),
        reserved_concurrency=(props.get("concurrencyConfig") or {}).get("reservedConcurrency"),
        async_retries=DEFAULT_ASYNC_RETRIES if retries is None else int(retries),
        log_project=str(log.get("project", "")),
        log_store=str(log.get("logstore", "")),
        http=https[0] if https else None,
        timers=tuple(timers),
    )


def _dotted(resource: str, handler: str) -> str:
    module, _, name = handler.rpartition(".")
    if not all(part.isidentifier() for part in [*module.split("."), name]):
        raise RenderedError(f"{resource}: handler {handler!r} is not module.function")
    return handler


def _initializer(resource: str, props: Mapping[str, Any]) -> Initializer | None:
    config = (props.get("instanceLifecycleConfig") or {}).get("initializer")
    if not config or not config.get("handler"):
        return None
    return Initializer(
        _dotted(resource, config["handler"]),
        float(config.get("timeout", DEFAULT_INITIALIZER_TIMEOUT_S)),
    )


def _environment(resource: str, variables: Mapping[str, Any]) -> dict[str, str]:
    environment = {str(name): str(value) for name, value in variables.items()}
    for name in environment:
        if name.upper().startswith("FC_"):
            raise RenderedError(f"{resource}: the environment variable name '{name}' is reserved")
    check_environment_size(resource, environment)
    return environment


def check_environment_size(resource: str, environment: Mapping[str, str]) -> None:
    """Raise RenderedError when the variables together exceed the platform's 4 KB."""
    size = len(json.dumps(environment, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_ENVIRONMENT_BYTES:
        raise RenderedError(
            f"{resource}: {size} bytes of environment variables; "
            f"{MAX_ENVIRONMENT_BYTES} are allowed"
        )


def _triggers(
    resource: str,
    triggers: list[Mapping[str, Any]],
    notes: list[str],
) -> tuple[list[HttpTrigger], list[TimerTrigger]]:
    https: list[HttpTrigger] = []
    timers: list[TimerTrigger] = []
    for trigger in triggers:
        name, kind = str(trigger.get("triggerName")), trigger.get("triggerType")
        config = trigger.get("triggerConfig") or {}
        if kind == "http":
            https.append(_http_trigger(resource, name, config))
        elif kind == "timer":
            timers.append(
                TimerTrigger(
                    name,
                    str(config.get("cronExpression", "")),
                    str(config.get("payload", "")),
                    bool(config.get("enable", True)),
                )
            )
        else:
            notes.append(f"{resource}: trigger {name!r} of type {kind!r} is not emulated")
    return https, timers


def _http_trigger(resource: str, name: str, config: Mapping[str, Any]) -> HttpTrigger:
    auth = config.get("authType", "function")
    if auth not in ("anonymous", "function"):
        raise RenderedError(f"{resource}: authType {auth!r} is not emulated")
    return HttpTrigger(
        name,
        auth,
        frozenset(config.get("methods") or ()),
        bool(config.get("disableURLInternet", False)),
    )


def _routes(props: Mapping[str, Any]) -> Iterator[Route]:
    for route in (props.get("routeConfig") or {}).get("routes") or []:
        yield Route(
            str(props.get("domainName", "")),
            str(route["path"]),
            str(route["functionName"]),
            frozenset(route.get("methods") or ()),
        )
