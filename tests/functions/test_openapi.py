"""docs/openapi.json is fresh, sound, complete, and true of the answers we give."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from scripts import openapi_document
from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer
from shared.http import contract
from shared.http import license_contract as licenses
from shared.secret import Secret
from tests.functions.contract import DOCUMENT, check_answer, check_body, operation_of
from tests.functions.events import event
from tests.functions.shopfront import KEYS, PRODUCTS, Shopfront
from tests.functions.test_whole_purchase import SEED
from tests.unit.use_cases.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = ("get", "post", "put", "delete", "patch", "head", "options", "trace")


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def test_the_document_is_fresh() -> None:
    assert openapi_document.document() == DOCUMENT, "run scripts/openapi"


def test_a_misspelt_option_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = openapi_document.TARGET.stat().st_mtime_ns
    assert openapi_document.main(["--chek"]) == 2
    assert openapi_document.TARGET.stat().st_mtime_ns == before
    assert "usage" in capsys.readouterr().err


def test_check_tells_a_stale_document(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert openapi_document.main(["--check"]) == 0
    assert "up to date" in capsys.readouterr().out


def test_every_route_is_documented_with_its_function_and_nothing_else_is() -> None:
    front = Shopfront()
    served = {(function, route.method, route.path)
              for function, app in front.apps.items() for route in app.routes}
    documented = {(operation["tags"][0], method.upper(), path)
                  for path, item in DOCUMENT["paths"].items()
                  for method, operation in item.items() if method in METHODS}
    assert documented == served


def test_every_path_has_the_base_address_of_its_function() -> None:
    for item in DOCUMENT["paths"].values():
        server, = item["servers"]
        tags = {operation["tags"][0] for key, operation in item.items() if key in METHODS}
        assert set(server["variables"]) == tags


def test_every_reference_leads_somewhere() -> None:
    for node in nodes(DOCUMENT):
        if "$ref" in node:
            target: Any = DOCUMENT
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            assert target


def test_every_schema_is_a_schema() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_path_parameter_is_declared() -> None:
    for path, item in DOCUMENT["paths"].items():
        for key, operation in item.items():
            if key in METHODS:
                names = {ref["$ref"].rsplit("/", 1)[1] for ref in operation.get("parameters", [])}
                declared = {DOCUMENT["components"]["parameters"][name]["name"] for name in names
                            if DOCUMENT["components"]["parameters"][name]["in"] == "path"}
                assert declared == set(re.findall(r"\{(\w+)\}", path))


def test_every_example_of_an_error_is_valid() -> None:
    for node in nodes(DOCUMENT["paths"]):
        for code, example in node.get("examples", {}).items():
            assert example["value"]["error"]["code"] == code
            check_body({"$ref": "#/components/schemas/ErrorAnswer"}, example["value"])


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for item in DOCUMENT["paths"].values()
           for key, operation in item.items() if key in METHODS]
    assert len(set(ids)) == len(ids)


@pytest.fixture
def front() -> Shopfront:
    world = World()
    world.issuer = Ed25519LicenseIssuer("k1", Secret("KEY", SEED), "tongbao:TB01")
    return Shopfront(world)


def test_the_answers_of_a_purchase_are_of_the_models(front: Shopfront) -> None:
    """Every call is also held against the document, by Shopfront itself."""
    placed = front.order().text
    contract.OrderAnswer.model_validate_json(placed)
    order = front.world.orders.all()[0]
    front.notify(front.world.pay(order))
    for _ in range(2):
        contract.OrderAnswer.model_validate_json(front.poll(order.order_id).text)
        licenses.LicenseAnswer.model_validate_json(front.claim(order.order_id).text)
    licenses.PurchaseAnswer.model_validate_json(front.bought(order.order_id).text)
    licenses.DevicesAnswer.model_validate_json(front.devices(order.license_id).text)
    licenses.KeysAnswer.model_validate_json(front.call("license-fetch", event("GET", KEYS)).text)
    contract.ProductsAnswer.model_validate_json(
        front.call("create-order", event("GET", PRODUCTS)).text)
    contract.ErrorAnswer.model_validate_json(front.claim("nope").text)


def test_the_checker_itself_refuses_what_is_not_documented(front: Shopfront) -> None:
    reply = front.order()
    operation = operation_of("create-order", "POST", "/v1/orders")
    assert operation is not None
    check_answer(operation, 200, dict(reply.headers), reply.text)
    more = json.loads(reply.text)
    more["order"]["claim_secret_hash"] = "x"
    with pytest.raises(ValidationError):
        check_answer(operation, 200, dict(reply.headers), json.dumps(more))
    with pytest.raises(AssertionError):
        check_answer(operation, 418, {}, "{}")
    assert operation_of("notify", "POST", "/v1/orders") is None


def test_the_document_and_the_door_agree_on_the_idempotency_key(front: Shopfront) -> None:
    pattern = DOCUMENT["components"]["parameters"]["IdempotencyKey"]["schema"]["pattern"]
    for key in ("0f8fad5b-d9cb-469f-a165-70867728950e", "dBjftJeZ4CVP-mB92K27uh"):
        assert re.search(pattern, key)
        assert front.order(key).ok
    for key in ("short", "with,comma-0f8fad5b-d9cb-469f-a165", "x" * 129):
        assert not re.search(pattern, key)
        assert front.order(key).status == 400
