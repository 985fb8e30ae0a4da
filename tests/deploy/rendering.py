"""Runs Serverless Devs without a network, an account or the developer's own configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "node_modules" / ".bin" / "s"


def pem(kind: str, characters: int) -> str:
    """Text of the shape and size of a PEM file, and no key."""
    lines = ["NOT+A+KEY+" * 6 + "1234"] * (characters // 64)
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])


# As long as the real ones (RSA-2048), because all variables together have 4 KB.
SECRETS = {
    "TONGBAO_LICENSE_SECRETS": '{"1":"' + "l" * 43 + '","2":"' + "l" * 43 + '"}',
    "TONGBAO_SIGNING_KEY": "s" * 43,
    "WECHATPAY_API_V3_KEY": "v" * 32,
    "WECHATPAY_MERCHANT_KEY": pem("PRIVATE KEY", 1600),
}
LARGE_VALUES = {
    "TONGBAO_KEY_SET": "k" * 832,  # three keys
    "TONGBAO_NOTIFY_URL": "https://" + "n" * 80 + ".cn-hangzhou.fcapp.run/v1/notify/wechatpay",
    "WECHATPAY_MERCHANT_SERIAL": "5" * 40,
    "WECHATPAY_MCHID": "1" * 10,
    "WECHATPAY_APPID": "wx" + "a" * 16,
    "WECHATPAY_PUBLIC_KEY_ID": "PUB_KEY_ID_" + "0" * 32,
    "WECHATPAY_PUBLIC_KEY": pem("PUBLIC KEY", 400),
}


def run_tool(home: Path, *arguments: str, env: Mapping[str, str],
             cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """`s` with exactly these variables; skips where Node is absent, unless CI=true."""
    if not TOOL.exists() and os.environ.get("CI") != "true":
        pytest.skip("Serverless Devs is not installed (scripts/install needs Node)")
    (home / ".s").mkdir(parents=True, exist_ok=True)
    (home / ".s" / "set-config.yml").write_text("analysis: disable\n")
    return subprocess.run(
        [str(TOOL), *arguments], cwd=cwd, capture_output=True, text=True, timeout=120,
        check=False, env={"PATH": os.environ["PATH"], "HOME": str(home),
                          "serverless_devs_config_home": str(home), **env})


def preview(home: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`s preview` of the project's own s.yaml."""
    return run_tool(home, "preview", "-t", "s.yaml", "-o", "json", "--silent", env=env)
