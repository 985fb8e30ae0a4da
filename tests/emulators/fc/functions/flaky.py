"""Fails until it has been called as often as the event's text says; counts in a file."""

import json
import os


def handler(event, context):
    request = json.loads(event)
    wanted = json.loads(request["payload"]) if "triggerName" in request else request
    with open(wanted["file"], "a") as calls:
        calls.write(json.dumps([context.request_id, request.get("triggerTime")]) + "\n")
    with open(wanted["file"]) as calls:
        if len(calls.readlines()) < wanted["succeed_at"]:
            raise RuntimeError("again")
    return os.getpid()
