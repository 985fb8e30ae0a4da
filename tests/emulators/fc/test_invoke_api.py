"""The official SDK against the signed API."""

from __future__ import annotations

import base64
import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from emulators.fc import AccessKey, FunctionComputeEmulator, Options
from tests.emulators.fc.support import FUNCTIONS, function, rendered

if TYPE_CHECKING:
    from collections.abc import Iterator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the SDK's own imports warn
    from alibabacloud_fc20230330 import models
    from alibabacloud_fc20230330.client import Client
    from alibabacloud_tea_openapi.exceptions import ClientException
    from alibabacloud_tea_openapi.utils_models import Config
    from darabonba.runtime import RuntimeOptions

KEY = AccessKey("sdk-key", "sdk-secret")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def emulator() -> Iterator[FunctionComputeEmulator]:
    with FunctionComputeEmulator(rendered(main=function(functionName="fn")), FUNCTIONS,
                                 options=Options(access_key=KEY)) as started:
        yield started


def call(emulator: FunctionComputeEmulator, text: str, *, name: str = "fn",
         secret: str = KEY.access_key_secret, **headers: str) -> Any:
    client = Client(Config(access_key_id=KEY.access_key_id, access_key_secret=secret,
                           endpoint=emulator.api_endpoint, protocol="http"))
    return client.invoke_function_with_options(
        name, models.InvokeFunctionRequest(body=text.encode(), qualifier="LATEST"),
        models.InvokeFunctionHeaders(**headers), RuntimeOptions())


def test_a_signed_call_runs_the_function(emulator: FunctionComputeEmulator) -> None:
    answer = call(emulator, "text")
    assert (answer.status_code, answer.body.read()) == (200, b"plain text")
    assert answer.headers["x-fc-request-id"].startswith("1-")


def test_a_function_s_failure_is_200_with_the_error_s_type(
        emulator: FunctionComputeEmulator) -> None:
    answer = call(emulator, "raise:no such thing")
    assert answer.status_code == 200
    assert answer.headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert json.loads(answer.body.read())["errorMessage"] == "no such thing"


def test_the_tail_of_the_log_comes_with_the_answer(emulator: FunctionComputeEmulator) -> None:
    answer = call(emulator, "log:paid", x_fc_log_type="Tail")
    tail = base64.b64decode(answer.headers["x-fc-log-result"]).decode()
    assert tail.splitlines() == ['{"event": "paid"}', "to stderr", "no newline"]


def test_an_asynchronous_call_is_accepted_and_runs(emulator: FunctionComputeEmulator) -> None:
    answer = call(emulator, "text", x_fc_invocation_type="Async")
    assert answer.status_code == 202
    done = {one.request_id: one.kind for one in emulator.drain("fn")}
    assert done[answer.headers["x-fc-request-id"]] == "ok"


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"secret": "another"}, 403, "SignatureNotMatch"),
    ({"name": "another"}, 404, "FunctionNotFound")])
def test_a_wrong_call_is_refused(emulator: FunctionComputeEmulator, changes: dict[str, str],
                                 status: int, code: str) -> None:
    with pytest.raises(ClientException) as refused:
        call(emulator, "text", **changes)
    assert (refused.value.status_code, refused.value.code) == (status, code)


def test_another_operation_is_named_as_unsupported(emulator: FunctionComputeEmulator) -> None:
    client = Client(Config(access_key_id=KEY.access_key_id,
                           access_key_secret=KEY.access_key_secret,
                           endpoint=emulator.api_endpoint, protocol="http"))
    with pytest.raises(ClientException) as refused:
        client.list_functions(models.ListFunctionsRequest())
    assert refused.value.code == "PathNotSupported"
