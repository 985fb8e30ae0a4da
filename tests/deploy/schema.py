"""The part of an fc3 resource that this project uses, strictly: an unknown key is a mistake.

The component's own schema lets misspelt keys pass, and any authType or method.
"""

from __future__ import annotations

from typing import Any

from scripts.packaging.targets import TARGETS


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": sorted(required),
            "properties": {**required, **(optional or {})}}


def _whole(low: int, high: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": low, "maximum": high}


TEXT = {"type": "string", "minLength": 1}
METHODS = {"type": "array", "minItems": 1, "uniqueItems": True, "items": {
    "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]}}

HTTP_TRIGGER = _object(
    {"triggerName": TEXT, "triggerType": {"const": "http"}, "qualifier": TEXT,
     "triggerConfig": _object({"authType": {"enum": ["anonymous", "function"]},
                               "methods": METHODS, "disableURLInternet": {"type": "boolean"}})})
TIMER_TRIGGER = _object(
    {"triggerName": TEXT, "triggerType": {"const": "timer"}, "qualifier": TEXT,
     "triggerConfig": _object({"cronExpression": TEXT, "enable": {"type": "boolean"}},
                              {"payload": {"type": "string"}})})

PROPS = _object({
    "functionName": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]{0,63}$"},
    "description": TEXT,
    "region": {"type": "string", "pattern": "^[a-z]{2}-[a-z0-9-]+$"},
    "runtime": {"enum": sorted(TARGETS)},
    "handler": {"type": "string", "pattern": r"^[a-z_]+\.[a-z_]+$"},
    "code": TEXT,
    "cpu": {"type": "number", "minimum": 0.05, "maximum": 16},
    "memorySize": {"type": "integer", "minimum": 128, "maximum": 32768, "multipleOf": 64},
    "diskSize": {"enum": [512, 10240]},
    "timeout": _whole(1, 86_400),
    "role": TEXT,
    "internetAccess": {"type": "boolean"},
    "instanceLifecycleConfig": _object({"initializer": _object({
        "handler": {"type": "string", "pattern": r"^[a-z_]+\.[a-z_]+$"},
        "timeout": _whole(1, 300)})}),
    "asyncInvokeConfig": _object({"maxAsyncRetryAttempts": _whole(0, 8),
                                  "maxAsyncEventAgeInSeconds": _whole(1, 604_800)}),
    "concurrencyConfig": _object({"reservedConcurrency": _whole(1, 300)}),
    "logConfig": _object({"project": TEXT, "logstore": TEXT,
                          "enableRequestMetrics": {"const": True},
                          "enableInstanceMetrics": {"const": True},
                          # A line of JSON is one entry; the other rule joins lines.
                          "logBeginRule": {"const": "None"}}),
    "environmentVariables": {"type": "object", "additionalProperties": {"type": "string"},
                             "propertyNames": {"pattern": "^[A-Z][A-Z0-9_]*$"}},
    "triggers": {"type": "array", "items": {
        "if": {"properties": {"triggerType": {"const": "http"}}},
        "then": HTTP_TRIGGER, "else": TIMER_TRIGGER}},
}, {"vpcConfig": {"type": "object"}})

FUNCTION = _object(
    {"component": TEXT, "extend": _object({"name": TEXT}), "props": PROPS,
     "actions": _object({"pre-deploy": {
         "type": "array", "minItems": 1, "items": _object({"run": TEXT, "path": TEXT})}})})
