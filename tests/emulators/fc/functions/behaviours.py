"""Does what the event's text names: one word, or the start of one."""

from __future__ import annotations

import json
import os
import sys
import time

STARTED_PID = os.getpid()
MODULES_AT_START = sorted(sys.modules)


def initialize(context):
    print("initialized", context.request_id)


def fork(context):
    """An initializer that leaves a child behind, and says which."""
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    print(child)


def handler(event, context):
    text = event.decode()
    if text.startswith("{") and '"requestContext"' in text:
        text = json.loads(text)["body"]
    return BEHAVIOURS[text.partition(":")[0]](text.partition(":")[2], context)


def _http(**answer):
    return {"statusCode": 200, "headers": {}, "body": "", **answer}


def _raise(text, _context):
    raise ValueError(text)


def _sleep(text, _context):
    time.sleep(float(text))
    return "slept"


def _log(text, _context):
    print(json.dumps({"event": text}))
    print("to stderr", file=sys.stderr)
    sys.stdout.write("no newline")
    return "logged"


def _meet(text, _context):
    """Wait until `text` says how many requests have come here; proves that they run at once."""
    folder, _, number = text.partition(",")
    open(os.path.join(folder, str(os.getpid())), "w").close()
    while len(os.listdir(folder)) < int(number):
        time.sleep(0.005)
    return str(os.getpid())


def _context(_text, context):
    return {"request_id": context.request_id, "function": vars(context.function),
            "region": context.region, "account_id": context.account_id,
            "fields": sorted(vars(context))}


BEHAVIOURS = {
    "ok": lambda text, context: _http(body=text),
    "pid": lambda text, context: str(STARTED_PID),
    "env": lambda text, context: dict(os.environ),
    "modules": lambda text, context: MODULES_AT_START,
    "path": lambda text, context: sys.path,
    "cwd": lambda text, context: os.getcwd(),
    "context": _context,
    "raise": _raise,
    "exit": lambda text, context: os._exit(3),
    "sys-exit": lambda text, context: sys.exit(1),
    "sleep": _sleep,
    "log": _log,
    "meet": _meet,
    "text": lambda text, context: "plain text",
    "bytes": lambda text, context: b"\x00\xff",
    "none": lambda text, context: None,
    "list": lambda text, context: [1, 2],
    "object": lambda text, context: {"a": 1},
    "unserializable": lambda text, context: {"statusCode": 200, "body": object()},
    "close-stdout": lambda text, context: sys.stdout.close(),
    "status-text": lambda text, context: _http(statusCode="200"),
    "status-true": lambda text, context: _http(statusCode=True),
    "status-high": lambda text, context: _http(statusCode=1000),
    "headers-list": lambda text, context: _http(headers=[]),
    "header-number": lambda text, context: _http(headers={"X-A": 1}),
    "header-newline": lambda text, context: _http(headers={"X-A": "b\r\nX-C: d"}),
    "header-name": lambda text, context: _http(headers={"X A": "b"}),
    "headers-huge": lambda text, context: _http(headers={"X-A": "b" * 9000}),
    "body-object": lambda text, context: _http(body={"a": 1}),
    "body-base64": lambda text, context: _http(body="AP8=", isBase64Encoded=True),
    "body-not-base64": lambda text, context: _http(body="*", isBase64Encoded=True),
    "flag-text": lambda text, context: _http(isBase64Encoded="true"),
    "body-huge": lambda text, context: _http(body="x" * (32 * 1024 * 1024 + 1)),
    "no-content": lambda text, context: _http(statusCode=204, body="ignored"),
    "own-headers": lambda text, context: _http(headers={
        "content-type": "text/html", "X-Custom": "通宝", "X-Fc-Anything": "no", "Date": "no",
        "Server": "no", "Connection": "close", "Content-Length": "3",
        "Content-Disposition": "inline"}),
}
