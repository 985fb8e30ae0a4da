"""CPU time of one call of WeChat Pay (ask for an order), warm: the client's share of it.

The server is a process of its own with one prepared, genuinely signed answer, over plain HTTP:
the TLS handshake and the certificate store that `wechatpayv3` loads for every call, as it
keeps no connection, are not even counted.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from scripts.benchmark.figures import Row, paired_ratio, shown
from scripts.benchmark.merchant import APPID, MCHID, MERCHANT_SERIAL, PUBLIC_KEY_ID
from scripts.benchmark.plain_stack import wechatpay_client
from scripts.benchmark.rounds import interleave
from scripts.benchmark.warm import batch_size, cpu_us
from shared.adapters.system import SystemClock, random_token
from shared.adapters.wechatpay.gateway import WeChatNativeGateway
from shared.adapters.wechatpay.http_client import HttpClient
from shared.adapters.wechatpay.keys import load_verification_keys
from shared.adapters.wechatpay.signer import RequestSigner
from shared.adapters.wechatpay.transport import Transport
from shared.adapters.wechatpay.verifier import SignatureVerifier
from shared.deadline import Deadline
from shared.domain.payment import Payee
from shared.log import JsonLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from wechatpayv3 import WeChatPay

    from scripts.benchmark.merchant import Merchant
    from scripts.benchmark.run import Run

SECTION = "CPU per call of WeChat Pay"
NUMBER = "TB01TESTTESTTESTTESTTESTTESTTES"
SERVER = Path(__file__).with_name("fixed_server.py")
OURS, PLAIN, SIGNATURE = "ours", "wechatpayv3", "signature"


def plan(run: Run) -> int:
    """How many steps `measure` takes."""
    return 3 * run.rounds


def measure(run: Run) -> list[Row]:
    """Our gateway beside `wechatpayv3` and beside the one RSA signature that both need."""
    merchant = run.merchant
    with server(answer(merchant)) as base_url, open(os.devnull, "w") as sink:
        gateway, transport = open_gateway(merchant, base_url, sink)
        wechatpay = _wechatpay(merchant, base_url)
        operations: dict[str, Callable[[], object]] = {
            OURS: lambda: gateway.query(NUMBER),
            PLAIN: lambda: wechatpay.query(out_trade_no=NUMBER),
            SIGNATURE: lambda: merchant.merchant_key.sign(b"x" * 200, PKCS1v15(), SHA256())}
        sizes = {name: batch_size(operation) for name, operation in operations.items()}
        found = interleave({name: _batch(operation, sizes[name])
                            for name, operation in operations.items()},
                           run.rounds, run.random, run.step)
        transport.close()
    run.keep("api_call_us", found)
    return [Row(SECTION, "ask for an order", shown(found[OURS], "µs"), beside,
                shown(found[theirs], "µs"), paired_ratio(found[OURS], found[theirs]))
            for beside, theirs in (("wechatpayv3.query", PLAIN),
                                   ("one RSA-2048 signature", SIGNATURE))]


def _batch(operation: Callable[[], object], times: int) -> Callable[[], float]:
    return lambda: cpu_us(operation, times)


def open_gateway(merchant: Merchant, base_url: str,
                 sink: TextIO) -> tuple[WeChatNativeGateway, Transport]:
    """Our gateway, and its transport to close; it has asked once."""
    clock = SystemClock()
    verifier = SignatureVerifier(load_verification_keys(
        {PUBLIC_KEY_ID: merchant.wechatpay_public_key_pem}))
    transport = Transport(
        http=HttpClient(base_url, clock=clock, allow_http=True),
        signer=RequestSigner(mchid=MCHID, serial_no=MERCHANT_SERIAL,
                             private_key_pem=merchant.merchant_key_pem),
        verifier=verifier, clock=clock, deadline=Deadline(clock, 3_600_000),
        log=JsonLog(sink, clock, "license-fetch"), random_token=random_token,
        public_key_id=PUBLIC_KEY_ID)
    gateway = WeChatNativeGateway(transport, payee=Payee(MCHID, APPID),
                                  notify_url="https://shop.example/v1/notify/wechatpay")
    fact = gateway.query(NUMBER)
    assert fact is not None
    return gateway, transport


def _wechatpay(merchant: Merchant, base_url: str) -> WeChatPay:
    client = wechatpay_client(merchant.environment())
    client._core._gate_way = base_url  # the SDK has no setting for it
    status, _ = client.query(out_trade_no=NUMBER)
    assert status == 200
    return client


def answer(merchant: Merchant) -> bytes:
    """A signed answer about an unpaid order, as HTTP bytes; good for five minutes."""
    body = json.dumps({"appid": APPID, "mchid": MCHID, "out_trade_no": NUMBER,
                       "trade_state": "NOTPAY", "trade_state_desc": "订单未支付"},
                      ensure_ascii=False, separators=(",", ":")).encode()
    timestamp, nonce = str(int(time.time())), "c5ac7061fccab6bf3e254dcf98995b8c"
    signature = merchant.wechatpay_key.sign(
        f"{timestamp}\n{nonce}\n".encode() + body + b"\n", PKCS1v15(), SHA256())
    headers = {
        "Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body)),
        "Request-ID": "08F78BB5AF0610D302189F8EC3082806-0",
        "Wechatpay-Timestamp": timestamp, "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": PUBLIC_KEY_ID,
        "Wechatpay-Signature": base64.b64encode(signature).decode(),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + body


@contextmanager
def server(prepared: bytes) -> Iterator[str]:
    """The address of a server that gives this answer to everything."""
    with subprocess.Popen([sys.executable, str(SERVER)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{len(prepared)}\n".encode() + prepared)
        process.stdin.flush()
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
