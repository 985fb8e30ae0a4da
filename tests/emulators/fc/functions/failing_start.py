"""The initializer fails as long as the file that the environment names is not there."""

import os
import time


def initialize(context):
    if os.environ["MODE"] == "slow":
        time.sleep(60)
    if not os.path.exists(os.environ["MARKER"]):
        open(os.environ["MARKER"], "w").close()
        raise RuntimeError("not yet")


def handler(event, context):
    return {"statusCode": 200, "body": "ready"}
