from __future__ import annotations

import copy
from typing import Any

import pytest

from emulators.fc import FunctionComputeEmulator, RenderedError
from emulators.fc.rendered import read
from tests.emulators.fc.support import FUNCTIONS, function, http_trigger, rendered, timer


def test_a_function_is_found_by_its_name_and_by_its_resource() -> None:
    document = read(rendered(notify=function(functionName="tongbao-dev-notify")))
    assert document.find("notify") is document.find("tongbao-dev-notify")
    with pytest.raises(KeyError, match="no function 'x'; there are: tongbao-dev-notify"):
        document.find("x")


def test_what_is_not_emulated_is_noted() -> None:
    oss = {"triggerName": "files", "triggerType": "oss", "triggerConfig": {}}
    document = read(rendered(
        main=function(triggers=[http_trigger(), oss]),
        table={"component": "ros", "props": {}}))
    assert document.notes == ("main: trigger 'files' of type 'oss' is not emulated",
                              "table: component 'ros' is not emulated")


def test_values_left_out_are_the_platform_s() -> None:
    resource = function()
    del resource["props"]["timeout"]
    spec = read(rendered(main=resource)).functions[0]
    assert (spec.timeout_s, spec.async_retries, spec.reserved_concurrency) == (3, 3, None)


@pytest.mark.parametrize(("change", "reason"), [
    ({"handler": "index"}, "is not module.function"),
    ({"handler": "index.handler()"}, "is not module.function"),
    ({"handler": None}, "handler is missing"),
    ({"code": {"ossBucketName": "b"}}, "code is missing or not a string"),
    ({"runtime": "custom.debian10"}, "is not emulated"),
    ({"environmentVariables": {"FC_ENDPOINT": "x"}}, "'FC_ENDPOINT' is reserved"),
    ({"environmentVariables": {"A": "x" * 4096}}, "4096 are allowed"),
    ({"triggers": [http_trigger(), http_trigger()]}, "only one HTTP trigger"),
    ({"triggers": [http_trigger(authType="jwt")]}, "authType 'jwt' is not emulated"),
    ({"instanceLifecycleConfig": {"initializer": {"handler": "x"}}}, "is not module.function"),
])
def test_a_function_that_cannot_run_is_refused(change: dict[str, Any], reason: str) -> None:
    read(rendered(main=function()))
    with pytest.raises(RenderedError, match=reason.replace("(", r"\(")):
        read(rendered(main=function(**change)))


def test_two_functions_of_one_name_are_refused() -> None:
    with pytest.raises(RenderedError, match="same functionName"):
        read(rendered(one=function(), two=function()))


def test_a_missing_code_folder_is_refused() -> None:
    with pytest.raises(RenderedError, match="there is no folder"):
        FunctionComputeEmulator(rendered(main=function(code="./nowhere")), FUNCTIONS)


def test_reading_changes_nothing() -> None:
    document = rendered(main=function(triggers=[http_trigger(), timer()]))
    before = copy.deepcopy(document)
    read(document)
    assert document == before
