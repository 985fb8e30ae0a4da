"""What must hold for everything that s.yaml deploys; each rule yields one line per offence."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from emulators.fc import cron
from scripts.packaging.contents import PACKAGES
from shared import bootstrap, settings
from shared.variables import VARIABLES, Variable
from tests.deploy.schema import FUNCTION

ROOT = Path(__file__).resolve().parents[2]
MAX_ENVIRONMENT_BYTES = 4096
ROLE = re.compile(r"acs:ram::(?:[0-9]{16}|\$\{config\('AccountID'\)\}):role/[a-z0-9-]{1,64}")
PINNED = re.compile(r"fc3@[0-9]+\.[0-9]+\.[0-9]+")
# A page in a browser calls these, so the browser asks first, with OPTIONS.
CALLED_BY_BROWSERS = {"create-order": {"GET", "POST", "OPTIONS"},
                      "license-fetch": {"GET", "POST", "DELETE", "OPTIONS"}}
BUDGETS_MS = {"create-order": bootstrap.BUYER_BUDGET_MS, "notify": bootstrap.NOTIFY_BUDGET_MS,
              "license-fetch": bootstrap.BUYER_BUDGET_MS + 20_000,
              "timers": bootstrap.TIMERS_BUDGET_MS, "admin": bootstrap.ADMIN_BUDGET_MS}
"""How long a function works at most; license-fetch may also wait 20 s for a change."""
JOBS = {"due": 1_440, "due-everywhere": 1, "complaints": 48, "bill": 28, "keys": 1}
"""In how many minutes of a day each job begins at least: what the documents promise. A lost
notify costs five minutes only if `due` runs in every one; bills come from 10:00 on."""
A_DAY = range(1_764_000_000 // 86_400 * 86_400, 1_764_000_000 // 86_400 * 86_400 + 86_400)
TIME_ZONE = "CRON_TZ=Asia/Shanghai "
WITHOUT_TRIGGER = "admin"

Resource = Mapping[str, Any]
Rule = Callable[[Mapping[str, Any]], Iterator[str]]
RULES: dict[str, Rule] = {}


def per_function(check: Callable[[str, Resource], Iterator[str]]) -> Rule:
    """Register a check of one fc3 resource under its own name."""
    def rule(document: Mapping[str, Any]) -> Iterator[str]:
        for name, resource in functions(document).items():
            yield from (f"{name}: {offence}" for offence in check(name, resource))
    RULES[check.__name__] = rule
    return rule


def per_document(check: Rule) -> Rule:
    """Register a check of the whole document under its own name."""
    RULES[check.__name__] = check
    return check


def functions(document: Mapping[str, Any]) -> dict[str, Resource]:
    """Everything but domains: a function with a misspelt component is still a function."""
    return {name: resource for name, resource in document["resources"].items()
            if resource["component"].partition("@")[0] != "fc3-domain"}


def offences(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Rule name → its offences, for the rules that are broken.

    The other rules rely on the shape that `schema` promises, so they wait for it.
    """
    misshapen = list(RULES["schema"](document))
    if misshapen:
        return {"schema": misshapen}
    found = {name: list(rule(document)) for name, rule in RULES.items()}
    return {name: lines for name, lines in found.items() if lines}


def triggers_of(resource: Resource, kind: str) -> list[Mapping[str, Any]]:
    return [trigger["triggerConfig"] for trigger in resource["props"]["triggers"]
            if trigger["triggerType"] == kind]


@per_function
def schema(_name: str, resource: Resource) -> Iterator[str]:
    for error in Draft202012Validator(FUNCTION).iter_errors(resource):
        yield f"{error.json_path}: {error.message}"


@per_function
def component_is_pinned(_name: str, resource: Resource) -> Iterator[str]:
    if not PINNED.fullmatch(resource["component"]):
        yield f"component {resource['component']!r}"


@per_function
def handlers_exist_in_the_package(name: str, resource: Resource) -> Iterator[str]:
    props = resource["props"]
    for dotted in (props["handler"], props["instanceLifecycleConfig"]["initializer"]["handler"]):
        module, _, function = dotted.partition(".")
        package = PACKAGES.get(name)
        source = ROOT / package.source / f"{module}.py" if package else ROOT / "nowhere"
        if not source.exists() or function not in _functions_in(source):
            yield f"{dotted} is not in the package"


def _functions_in(source: Path) -> set[str]:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@per_function
def code_is_the_package_built_before_the_deployment(name: str, resource: Resource) -> Iterator[str]:
    if resource["props"]["code"] != f"./build/{name}":
        yield f"code is {resource['props']['code']}"
    if {"run": f"scripts/package {name}", "path": "./"} not in resource["actions"]["pre-deploy"]:
        yield "no pre-deploy action builds it"


@per_function
def variables_fit(_name: str, resource: Resource) -> Iterator[str]:
    variables = resource["props"]["environmentVariables"]
    size = len(json.dumps(variables, ensure_ascii=False).encode())
    if size > MAX_ENVIRONMENT_BYTES:
        yield f"{size} bytes of variables"


@per_function
def variables_are_not_the_platform_s(_name: str, resource: Resource) -> Iterator[str]:
    for name in resource["props"]["environmentVariables"]:
        if name.startswith(("FC_", "ALIBABA_CLOUD_")):
            yield f"{name} is set by the platform"


@per_function
def variables_are_those_that_the_function_reads(name: str, resource: Resource) -> Iterator[str]:
    declared = set(resource["props"]["environmentVariables"])
    known = {variable.name: variable for variable in VARIABLES.values()}
    for variable in known.values():
        if name in variable.needed_by and variable.name not in declared:
            yield f"{variable.name} is missing"
    for variable_name in sorted(declared - set(known)):
        if not variable_name.startswith(("FC_", "ALIBABA_CLOUD_")):
            yield f"{variable_name} is not a setting"


@per_function
def secrets_are_only_where_they_are_needed(name: str, resource: Resource) -> Iterator[str]:
    for variable in secret_variables():
        if variable.name in resource["props"]["environmentVariables"] \
                and name not in variable.needed_by:
            yield f"{variable.name} is a secret of {', '.join(variable.needed_by)}"


def secret_variables() -> list[Variable]:
    kinds = settings.Settings.__annotations__
    return [variable for field, variable in VARIABLES.items()
            if kinds[field] == "Secret" and variable.needed_by]


@per_function
def memory_is_one_to_four_times_the_cpu(_name: str, resource: Resource) -> Iterator[str]:
    ratio = resource["props"]["memorySize"] / 1024 / resource["props"]["cpu"]
    if not 1 <= ratio <= 4:
        yield f"{ratio:.2f} GB for each CPU"


@per_function
def timeout_leaves_room_for_the_budget(name: str, resource: Resource) -> Iterator[str]:
    if resource["props"]["timeout"] * 1000 < BUDGETS_MS.get(name, 0) + 1000:
        yield f"{resource['props']['timeout']} s for {BUDGETS_MS[name]} ms of work"


@per_function
def role_is_the_function_s_own(name: str, resource: Resource) -> Iterator[str]:
    role = resource["props"]["role"]
    if not ROLE.fullmatch(role):
        yield f"{role} is not a role in lower case"
    elif role.rpartition("/")[2] != resource["props"]["functionName"].lower():
        yield f"{role} is not called like the function"


@per_function
def names_tell_the_project_and_the_function(name: str, resource: Resource) -> Iterator[str]:
    if not re.fullmatch(rf"tongbao-[a-z0-9]+-{name}", resource["props"]["functionName"]):
        yield f"functionName {resource['props']['functionName']}"


@per_function
def methods_are_those_that_callers_use(name: str, resource: Resource) -> Iterator[str]:
    for trigger in triggers_of(resource, "http"):
        methods = set(trigger["methods"])
        if name == "notify" and methods != {"POST"}:
            yield f"WeChat Pay only sends POST, not {sorted(methods)}"
        wanted = CALLED_BY_BROWSERS.get(name, methods)
        if methods != wanted:
            yield f"browsers use {sorted(wanted)}, not {sorted(methods)}"


@per_function
def only_public_functions_are_anonymous(name: str, resource: Resource) -> Iterator[str]:
    for trigger in triggers_of(resource, "http"):
        is_public = name == "notify" or name in CALLED_BY_BROWSERS
        if (trigger["authType"] == "anonymous") is not is_public:
            yield f"authType {trigger['authType']}"


@per_function
def failed_public_calls_are_not_repeated(_name: str, resource: Resource) -> Iterator[str]:
    retries = resource["props"].get("asyncInvokeConfig", {}).get("maxAsyncRetryAttempts")
    if triggers_of(resource, "http") and retries != 0:
        yield f"{retries} retries of an asynchronous call that anyone can make"


@per_function
def timers_have_no_public_trigger(_name: str, resource: Resource) -> Iterator[str]:
    if triggers_of(resource, "timer") and triggers_of(resource, "http"):
        yield "a timer's function has an HTTP trigger"


@per_function
def timers_can_be_read(_name: str, resource: Resource) -> Iterator[str]:
    for trigger in triggers_of(resource, "timer"):
        try:
            cron.parse(trigger["cronExpression"])
        except cron.CronError as error:
            yield f"{trigger['cronExpression']!r}: {error}"


@per_function
def timers_run_on_beijing_time(_name: str, resource: Resource) -> Iterator[str]:
    """Bills do; and a time in another zone is a mistake that shows only at night."""
    for trigger in triggers_of(resource, "timer"):
        if not trigger["cronExpression"].startswith(TIME_ZONE):
            yield f"{trigger['cronExpression']!r} is not in Beijing time"


@per_function
def timers_start_every_job(name: str, resource: Resource) -> Iterator[str]:
    payloads = Counter(trigger.get("payload") for trigger in triggers_of(resource, "timer"))
    for payload in payloads:
        if name != "timers" or payload not in JOBS:
            yield f"no job {payload!r}"
    for job in sorted(JOBS if name == "timers" else ()):
        if payloads[job] != 1:
            yield f"{payloads[job]} timers start {job}"


@per_function
def timers_run_as_often_as_promised(_name: str, resource: Resource) -> Iterator[str]:
    for trigger in triggers_of(resource, "timer"):
        job = trigger.get("payload", "")
        least = JOBS.get(job, 0)
        if trigger.get("enable") is not True:
            yield f"{job} is switched off"
        elif (found := _minutes_of(trigger["cronExpression"], least)) < least:
            yield f"{job} begins in {found} minutes of a day, not in {least}"


@cache
def _minutes_of(expression: str, otherwise: int) -> int:
    """In how many minutes of a day this fires; `otherwise` if nobody can read it."""
    try:
        timer = cron.parse(expression)
    except cron.CronError:
        return otherwise
    minutes, at_s = set(), A_DAY[0] - 1
    while (at_s := timer.next_after(at_s)) in A_DAY:
        minutes.add(at_s // 60)
        at_s = at_s // 60 * 60 + 59
    return len(minutes)


@per_function
def only_admin_has_no_trigger(name: str, resource: Resource) -> Iterator[str]:
    if bool(resource["props"]["triggers"]) is (name == WITHOUT_TRIGGER):
        yield f"{len(resource['props']['triggers'])} triggers"


@per_document
def functions_have_names_of_their_own(document: Mapping[str, Any]) -> Iterator[str]:
    names = Counter(resource["props"]["functionName"] for resource in functions(document).values())
    yield from (name for name, count in names.items() if count > 1)


@per_document
def routes_lead_to_functions(document: Mapping[str, Any]) -> Iterator[str]:
    known = {resource["props"]["functionName"] for resource in functions(document).values()}
    for name, resource in document["resources"].items():
        if resource["component"].partition("@")[0] == "fc3-domain":
            for route in resource["props"]["routeConfig"]["routes"]:
                if route["functionName"] not in known:
                    yield f"{name}: {route['path']} leads to {route['functionName']}"


@per_document
def every_package_is_deployed(document: Mapping[str, Any]) -> Iterator[str]:
    yield from sorted(set(PACKAGES) - set(functions(document)))
