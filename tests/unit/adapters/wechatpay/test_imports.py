"""What the path to `notify` loads: its cold start decides whether WeChat hears us in time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
FORBIDDEN = ("pydantic", "requests", "wechatpayv3", "urllib3", "tablestore", "ssl", "socket",
             "http.client", "email", "logging", "asyncio", "cryptography.x509",
             "cryptography.hazmat.primitives.serialization")
MOST_MODULES = 150
"""136 on Python 3.11, of which cryptography and dataclasses (by inspect) bring most."""

SCRIPT = """
import json, sys
sys.path[:0] = [{root!r}, *{paths!r}]
{statements}
print(json.dumps(sorted(sys.modules)))
"""


def modules_after(statements: str) -> list[str]:
    """What a bare interpreter (no site, no environment) has loaded after these statements."""
    paths = [path for path in sys.path if path.endswith("site-packages")]
    script = SCRIPT.format(root=str(ROOT), paths=paths, statements=statements)
    done = subprocess.run([sys.executable, "-S", "-E", "-c", script], check=True,
                          capture_output=True, text=True, timeout=60)
    return list(json.loads(done.stdout))


VERIFY = f"""
import pathlib
from shared.adapters.wechatpay.notify import WeChatNotifyVerifier
vectors = pathlib.Path("{ROOT}/tests/vectors/wechatpay")
made = json.loads((vectors / "openssl.json").read_text())
headers = {{"wechatpay-timestamp": made["timestamp"], "wechatpay-nonce": made["nonce"],
           "wechatpay-serial": "PUB_KEY_ID_1", "wechatpay-signature": made["notify_signature"]}}
verifier = WeChatNotifyVerifier(
    {{"PUB_KEY_ID_1": (vectors / "keys/wechatpay_public.pem").read_text()}},
    b"TestVectorKeyOfTongbao0123456789")
assert verifier.verify(headers, (vectors / "inputs/notify_body.json").read_bytes(),
                       int(made["timestamp"])).was_paid
"""


def forbidden(modules: list[str]) -> list[str]:
    return [module for module in modules
            if any(module == name or module.startswith(f"{name}.") for name in FORBIDDEN)]


def test_importing_the_verifier_is_light() -> None:
    modules = modules_after("import shared.adapters.wechatpay.notify")
    assert forbidden(modules) == []
    assert len(modules) <= MOST_MODULES


def test_verifying_a_notify_loads_nothing_heavy_either() -> None:
    assert forbidden(modules_after(VERIFY)) == []


def test_verifying_a_payment_loads_nothing_of_refunds_and_complaints() -> None:
    modules = modules_after(VERIFY)
    assert [name for name in modules if name.startswith("shared.")
            and ("refund" in name or "complaint" in name or "bill" in name)] == []


@pytest.mark.parametrize("module", ["gateway", "transport", "http_client", "endpoints", "refunds",
                                    "bills", "complaints", "refund_facts", "complaint_facts",
                                    "payer"])
def test_what_calls_out_loads_its_tools_at_the_first_call(module: str) -> None:
    modules = modules_after(f"import shared.adapters.wechatpay.{module}")
    assert forbidden(modules) == []


def test_the_list_would_notice_them() -> None:
    modules = modules_after("import urllib3, cryptography.x509\n"
                            "import cryptography.hazmat.primitives.serialization")
    assert {"urllib3", "ssl", "cryptography.x509",
            "cryptography.hazmat.primitives.serialization"} <= set(forbidden(modules))
