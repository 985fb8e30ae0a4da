"""s.yaml keeps every rule, and every rule catches the one change that breaks it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.deploy.rules import RULES, offences

Document = dict[str, Any]
Change = Callable[[Document], object]
HTTP_TRIGGER = {"triggerName": "http", "triggerType": "http", "qualifier": "LATEST",
                "triggerConfig": {"authType": "function", "methods": ["POST"],
                                  "disableURLInternet": False}}
FIRST = ("triggers", 0, "triggerConfig")


def put(value: Any, resource: str, *path: str | int) -> Change:
    """Set one value below a resource's props."""
    def change(document: Document) -> None:
        place = document["resources"][resource]["props"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
    return change


def drop(resource: str, *path: str | int) -> Change:
    """Remove one value below a resource's props."""
    def change(document: Document) -> None:
        place = document["resources"][resource]["props"]
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]
    return change


def timer(expression: str) -> Change:
    """Fire the first timer at other times."""
    return put(expression, "timers", *FIRST, "cronExpression")


def add_domain(function_name: str) -> Change:
    """Route a custom domain to a function."""
    routes = [{"path": "/v1/notify/*", "functionName": function_name}]
    domain = {"component": "fc3-domain", "props": {"routeConfig": {"routes": routes}}}
    return lambda document: document["resources"].update(domain=domain)


def action(run: str) -> Change:
    """Replace what runs before notify is deployed."""
    def change(document: Document) -> None:
        document["resources"]["notify"]["actions"]["pre-deploy"][0]["run"] = run
    return change


def component(name: str) -> Change:
    """Deploy notify with another component."""
    return lambda document: document["resources"]["notify"].update(component=name)


HTTP = FIRST
VARIABLES = "environmentVariables"
BROKEN: list[tuple[str, Change]] = [
    ("schema", put(256, "notify", "memroySize")),
    ("schema", put(True, "notify", "memorySize")),
    ("schema", put(500, "create-order", "memorySize")),
    ("schema", put("anon", "notify", *HTTP, "authType")),
    ("schema", drop("notify", *HTTP, "disableURLInternet")),
    ("schema", drop("notify", "timeout")),
    ("schema", drop("notify", "logConfig")),
    ("schema", drop("notify", "concurrencyConfig")),
    ("schema", drop("notify", "instanceLifecycleConfig")),
    ("schema", put("python3.9", "notify", "runtime")),
    ("schema", put("custom.debian12", "notify", "runtime")),
    ("schema", put("DefaultRegex", "notify", "logConfig", "logBeginRule")),
    ("schema", put(7, "notify", VARIABLES, "TONGBAO_PREFIX")),
    ("component_is_pinned", component("fc3")),
    ("component_is_pinned", component("fc3@latest")),
    ("component_is_pinned", component("fc")),
    ("handlers_exist_in_the_package", put("index.handel", "notify", "handler")),
    ("handlers_exist_in_the_package", put("main.handler", "notify", "handler")),
    ("handlers_exist_in_the_package", put(
        "index.init", "notify", "instanceLifecycleConfig", "initializer", "handler")),
    ("code_is_the_package_built_before_the_deployment", put(".", "notify", "code")),
    ("code_is_the_package_built_before_the_deployment", action("scripts/package create-order")),
    ("variables_fit", put("x" * 4096, "notify", VARIABLES, "TONGBAO_WAIT_S")),
    ("variables_are_not_the_platform_s", put("x", "notify", VARIABLES, "FC_REGION")),
    ("variables_are_not_the_platform_s", put(
        "x", "notify", VARIABLES, "ALIBABA_CLOUD_ACCESS_KEY_ID")),
    ("variables_are_those_that_the_function_reads", put("x", "notify", VARIABLES, "TONGBAO_STEGE")),
    ("variables_are_those_that_the_function_reads", drop("notify", VARIABLES, "TONGBAO_PREFIX")),
    ("secrets_are_only_where_they_are_needed", put(
        "x", "notify", VARIABLES, "TONGBAO_SIGNING_KEY")),
    ("memory_is_one_to_four_times_the_cpu", put(0.1, "notify", "cpu")),
    ("memory_is_one_to_four_times_the_cpu", put(1, "notify", "cpu")),
    ("timeout_leaves_room_for_the_budget", put(4, "notify", "timeout")),
    ("role_is_the_function_s_own", put(
        "acs:ram::${config('AccountID')}:role/Tongbao-dev-notify", "notify", "role")),
    ("role_is_the_function_s_own", put(
        "acs:ram::${config('AccountID')}:role/tongbao-dev-create-order", "notify", "role")),
    ("role_is_the_function_s_own", put("acs:ram::1:role/tongbao-dev-notify", "notify", "role")),
    ("methods_are_those_that_callers_use", put(["POST", "GET"], "notify", *HTTP, "methods")),
    ("methods_are_those_that_callers_use", put(["GET", "POST"], "create-order", *HTTP, "methods")),
    ("only_public_functions_are_anonymous", put("function", "notify", *HTTP, "authType")),
    ("failed_public_calls_are_not_repeated", put(
        3, "notify", "asyncInvokeConfig", "maxAsyncRetryAttempts")),
    ("timers_have_no_public_trigger", lambda document: document["resources"]["timers"]["props"][
        "triggers"].append(copy.deepcopy(HTTP_TRIGGER))),
    ("timers_can_be_read", timer("CRON_TZ=Asia/Shanghai */5 * * * *")),
    ("timers_run_on_beijing_time", timer("0 * * * * *")),
    ("timers_run_on_beijing_time", timer("CRON_TZ=UTC 0 * * * * *")),
    ("timers_run_as_often_as_promised", timer("CRON_TZ=Asia/Shanghai 0 */5 * * * *")),
    ("timers_run_as_often_as_promised", timer("CRON_TZ=Asia/Shanghai * 0-58 * * * *")),
    ("timers_run_as_often_as_promised", timer("CRON_TZ=Asia/Shanghai 0 * * 1 * *")),
    ("timers_run_as_often_as_promised", put(False, "timers", *FIRST, "enable")),
    ("timers_run_as_often_as_promised", put(
        "CRON_TZ=Asia/Shanghai 40 0 10 * * *", "timers", "triggers", 3, "triggerConfig",
        "cronExpression")),
    ("timers_start_every_job", put("dew", "timers", *FIRST, "payload")),
    ("timers_start_every_job", drop("timers", *FIRST, "payload")),
    ("timers_start_every_job", lambda document: document["resources"]["timers"]["props"][
        "triggers"].pop()),
    ("only_admin_has_no_trigger", put([HTTP_TRIGGER], "admin", "triggers")),
    ("only_admin_has_no_trigger", put([], "notify", "triggers")),
    ("timeout_leaves_room_for_the_budget", put(240, "timers", "timeout")),
    ("timeout_leaves_room_for_the_budget", put(100, "admin", "timeout")),
    ("routes_lead_to_functions", add_domain("tongbao-dev-notfy")),
]
ALSO_BROKEN: list[tuple[set[str], Change]] = [
    # These cannot be broken without breaking what another rule says about the same value.
    ({"names_tell_the_project_and_the_function", "role_is_the_function_s_own"}, put(
        "tongbao-dev-notifier", "notify", "functionName")),
    ({"functions_have_names_of_their_own", "names_tell_the_project_and_the_function",
      "role_is_the_function_s_own"}, put("tongbao-dev-create-order", "notify", "functionName")),
    ({"every_package_is_deployed"}, lambda document: document["resources"].pop("notify")),
]


def changed(document: Document, change: Change) -> Document:
    copied = copy.deepcopy(document)
    change(copied)
    return copied


@pytest.mark.parametrize("rule", RULES)
def test_s_yaml_keeps_the_rule(document: Document, rule: str) -> None:
    assert list(RULES[rule](document)) == []


@pytest.mark.parametrize("change", [
    timer("CRON_TZ=Asia/Shanghai 30 * * * * *"), timer("CRON_TZ=Asia/Shanghai 0 0-59 * * * ?"),
    add_domain("tongbao-dev-notify"), component("fc3@0.1.23"), put(6, "notify", "timeout"),
    put(0.25, "notify", "cpu"), put("acs:ram::1000000000000001:role/tongbao-dev-notify",
                                    "notify", "role")])
def test_a_sound_change_breaks_no_rule(document: Document, change: Change) -> None:
    assert offences(changed(document, change)) == {}


@pytest.mark.parametrize(("rule", "change"), BROKEN)
def test_one_wrong_thing_breaks_exactly_its_rule(
        document: Document, rule: str, change: Change) -> None:
    assert set(offences(changed(document, change))) == {rule}


@pytest.mark.parametrize(("rules", "change"), ALSO_BROKEN)
def test_one_wrong_thing_breaks_all_rules_about_it(
        document: Document, rules: set[str], change: Change) -> None:
    assert set(offences(changed(document, change))) == rules


def test_every_rule_has_something_that_breaks_it() -> None:
    broken = {rule for rule, _ in BROKEN}.union(*(rules for rules, _ in ALSO_BROKEN))
    assert broken == set(RULES)
