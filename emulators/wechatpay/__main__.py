"""``python -m emulators.wechatpay --account DIR``: serve the emulator until interrupted."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from typing import TYPE_CHECKING

from emulators.stopping import Stop
from emulators.wechatpay.account import Account
from emulators.wechatpay.emulator import WeChatPayEmulator
from emulators.wechatpay.settings import LOOPBACK, NOTIFY_KEYS, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m emulators.wechatpay",
        description="An emulator of WeChat Pay API v3 for one merchant. No real money moves.")
    result.add_argument("--account", required=True, metavar="DIR",
                        help="the merchant account; made there on the first start")
    result.add_argument("--port", type=int, default=8088, help="0 picks a free one (default: 8088)")
    result.add_argument("--host", default="127.0.0.1")
    result.add_argument("--data", default=":memory:", metavar="FILE",
                        help="SQLite file that outlives the process")
    result.add_argument("--time-scale", type=float, default=1.0, metavar="N",
                        help="retries of notifies and refunds come N times sooner")
    result.add_argument("--base-url", metavar="URL",
                        help="what bill links start with, when not the address served on")
    result.add_argument("--merchant-name", default=Settings.merchant_name)
    result.add_argument("--public-key-only", action="store_true",
                        help="a merchant without a platform certificate, as all new ones are")
    result.add_argument("--notify-keys", choices=NOTIFY_KEYS, default=Settings.notify_keys)
    result.add_argument("--console-refund-notify-url", default="", metavar="URL",
                        help="where refunds made in the merchant portal are notified")
    result.add_argument("--http-notify-host", action="append", default=[], metavar="HOST",
                        help="also allow http:// notify_url to this host (repeatable)")
    return result


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings a command line asks for."""
    return Settings(
        merchant_name=arguments.merchant_name,
        public_key_only=arguments.public_key_only,
        notify_keys=arguments.notify_keys,
        console_refund_notify_url=arguments.console_refund_notify_url,
        http_notify_hosts=LOOPBACK | set(arguments.http_notify_host))


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 1 with a reason on stderr when that cannot be."""
    arguments = parser().parse_args(argv)
    try:
        serve(arguments)
    except (OSError, sqlite3.Error) as error:
        where = f"{arguments.host}:{arguments.port}, account {arguments.account}"
        print(f"emulators.wechatpay: {where}, data {arguments.data}: {error}", file=sys.stderr)
        return 1
    return 0


def serve(arguments: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    account = Account.load_or_create(arguments.account)
    stop = Stop()
    with WeChatPayEmulator(account, data=arguments.data,
                           settings=settings_of(arguments)) as emulator:
        emulator.set_time_scale(arguments.time_scale)
        with emulator.serve(arguments.port, arguments.host) as serving:
            if arguments.base_url:
                emulator.ctx.base_url = arguments.base_url.rstrip("/")
            print(f"WeChat Pay emulator  {serving.base_url}\n"
                  f"phone page           {serving.base_url}/_emulator/phone\n"
                  f"merchant account     {arguments.account} (mchid {account.mchid})",
                  flush=True)
            stop.wait()


if __name__ == "__main__":
    raise SystemExit(main())
