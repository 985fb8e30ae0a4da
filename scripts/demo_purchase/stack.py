"""Everything a purchase needs, on this machine: three emulators, the tables, the functions.

The functions are those that are deployed, run from the checkout as Function Compute would:
instances in processes of their own, started by the first request.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from emulators.fc import AccessKey as FunctionAccessKey
from emulators.fc import Credentials, FunctionComputeEmulator, Options
from emulators.listening import port_of
from emulators.wechatpay.notify_post import post_over_http
from scripts.demo_purchase.hops import Hops, TimedTablestore, TimedWeChatPay, timed_post
from scripts.demo_purchase.keys import ENVIRONMENT, PREFIX
from scripts.demo_purchase.ports import held_ports
from scripts.demo_purchase.rendered import (
    FUNCTIONS,
    PUBLIC,
    can_render,
    function_names,
    minimal,
    render,
    source_folders,
)
from shared.adapters.system import SystemClock
from shared.adapters.tablestore.attempts import Attempts
from shared.adapters.tablestore.client import Instance, TablestoreClient
from shared.adapters.tablestore.credentials import AccessKey
from shared.adapters.tablestore.tables import create_tables
from shared.deadline import Deadline

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping

    from emulators.fc import Invocation
    from emulators.tablestore import TablestoreEmulator
    from emulators.wechatpay import WeChatPayEmulator
    from scripts.demo_purchase.keys import Keys
    from scripts.demo_purchase.state import State
    from scripts.demo_purchase.world_clock import WorldClock

CHECKOUT = Path(__file__).resolve().parents[2]
INSTANCE = "tongbao-demo"
TABLES_BUDGET_MS = 20_000


@dataclass(frozen=True)
class Stack:
    """A running stack. `urls` maps create-order, notify and license-fetch to addresses.

    `tables` were created by this start; `rendered` says whether s.yaml was used.
    """

    state: State
    hops: Hops
    tablestore: TablestoreEmulator
    wechatpay: WeChatPayEmulator
    functions: FunctionComputeEmulator
    names: Mapping[str, str]
    urls: Mapping[str, str]
    tablestore_url: str
    wechatpay_url: str
    tables: tuple[str, ...]
    rendered: bool
    ports: Mapping[str, socket.socket]

    def phone_url(self, code_url: str = "") -> str:
        """The emulated phone's page, to which the code's text is appended."""
        return f"{self.wechatpay_url}/_emulator/phone?code_url={code_url}"

    def kill(self, function: str) -> None:
        """Kill every instance of a function, as a crash of the machine would."""
        self.functions.kill_instances(self.names[function])

    def deploy_keys(self, keys: Keys) -> None:
        """Deploy again what signs, or watches the set, with these keys."""
        for function in ("license-fetch", "timers"):
            self.functions.update_environment(self.names[function], keys.settings())

    def fire_timer(self, job: str) -> Invocation:
        """One firing of the timer of this job, now."""
        return self.functions.fire_timer(self.names["timers"], job)

    def logs(self) -> list[str]:
        """What all functions printed."""
        return [line for name in self.names.values() for line in self.functions.logs(name)]


def silent(_: str) -> None:
    """Tell nobody about progress."""


@contextmanager
def run_stack(state: State, *, overrides: Mapping[str, str] | None = None,
              tell: Callable[[str], None] = silent,
              clock: WorldClock | None = None) -> Iterator[Stack]:
    """Start all, create the tables, and stop all at the end.

    `overrides` replaces environment variables of the functions, `tell` hears what is done now.
    All live by `clock`; by the true one without it.
    """
    hops = Hops()
    key_id, key_secret = state.access_key
    now_s = time.time if clock is None else clock.now_s
    with ExitStack() as exits:
        ports = exits.enter_context(held_ports(state.folder / "ports.json"))
        tell("starting Tablestore")
        tablestore = exits.enter_context(TimedTablestore(
            hops, str(state.tablestore_file), None if clock is None else clock.now_ms,
            access_key_id=key_id, access_key_secret=key_secret, instance=INSTANCE))
        endpoint = exits.enter_context(tablestore.serve(ports["tablestore"])).endpoint
        tell("creating the tables")
        tables = _create_tables(endpoint, AccessKey(key_id, key_secret))
        tell("starting WeChat Pay")
        wechatpay = exits.enter_context(TimedWeChatPay(
            hops, state.account, now_s, timed_post(hops, post_over_http), state.wechatpay_file))
        base_url = exits.enter_context(wechatpay.serve(ports["wechatpay"])).base_url
        tell("rendering s.yaml and starting Function Compute")
        notify_port = port_of(ports["notify"])
        variables = {**_variables(state, endpoint, base_url, notify_port), **(overrides or {})}
        rendered = can_render(CHECKOUT)
        document = render(CHECKOUT, variables) if rendered else minimal(variables)
        names = function_names(document)
        functions = exits.enter_context(FunctionComputeEmulator(
            document, CHECKOUT, variables, [sys.executable] if clock is None else clock.python,
            options=replace(_options(state, names, ports), now_s=now_s)))
        yield Stack(
            state=state, hops=hops, tablestore=tablestore, wechatpay=wechatpay,
            functions=functions, names=names, tablestore_url=endpoint, wechatpay_url=base_url,
            urls={name: functions.url(names[name]) for name in PUBLIC}, tables=tables,
            rendered=rendered, ports=ports)


def _options(state: State, names: Mapping[str, str],
             ports: Mapping[str, socket.socket]) -> Options:
    return Options(
        ports={"api": ports["api"], **{names[name]: ports[name] for name in PUBLIC}},
        code={names[name]: source_folders(name, CHECKOUT) for name in FUNCTIONS},
        credentials=Credentials(*state.access_key, security_token="sts-demo"),
        access_key=FunctionAccessKey(*state.access_key))


def _variables(state: State, tablestore_url: str, wechatpay_url: str,
               notify_port: int) -> dict[str, str]:
    """What a deployment is configured with; docs of each in shared/variables.py."""
    account = state.account
    return {
        "TONGBAO_ENVIRONMENT": ENVIRONMENT, "TONGBAO_PREFIX": PREFIX,
        "TONGBAO_TABLESTORE_ENDPOINT": tablestore_url, "TONGBAO_TABLESTORE_INSTANCE": INSTANCE,
        "TONGBAO_NOTIFY_URL": f"http://127.0.0.1:{notify_port}/v1/notify/wechatpay",
        "TONGBAO_LICENSE_SECRETS": json.dumps({"1": state.license_secret}),
        **state.keys.settings(),
        "WECHATPAY_MCHID": account.mchid, "WECHATPAY_APPID": account.appid,
        "WECHATPAY_BASE_URL": wechatpay_url,
        "WECHATPAY_MERCHANT_SERIAL": account.merchant_serial,
        "WECHATPAY_MERCHANT_KEY": account.merchant_private_key_pem,
        "WECHATPAY_PUBLIC_KEY_ID": account.public_key_id,
        "WECHATPAY_PUBLIC_KEY": account.wechatpay_public_key_pem,
        "WECHATPAY_API_V3_KEY": account.api_v3_key}


def _create_tables(endpoint: str, key: AccessKey) -> tuple[str, ...]:
    clock = SystemClock()
    deadline = Deadline(clock, TABLES_BUDGET_MS)
    client = TablestoreClient(Instance(endpoint, INSTANCE), _Fixed(key), deadline)
    made = create_tables(client, Attempts(clock, deadline, SystemRandom()))
    return tuple(table.name for table in made)


@dataclass(frozen=True)
class _Fixed:
    """One key that never changes; implements the store's Credentials."""

    key: AccessKey

    def current(self) -> AccessKey:
        return self.key
