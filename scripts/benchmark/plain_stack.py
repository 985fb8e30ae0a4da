"""What one would write instead, imported the ordinary way: the two SDKs and pydantic's models.

No web framework is counted, and the models are this project's own contract. `wechatpayv3` is
given the WeChat Pay public key, so that it need not download certificates.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import tablestore
from wechatpayv3 import WeChatPay, WeChatPayType

from shared.http import contract

if TYPE_CHECKING:
    from collections.abc import Mapping

MODELS = [value for value in vars(contract).values()
          if isinstance(value, type) and issubclass(value, contract.Model)]


def wechatpay_client(environ: Mapping[str, str] = os.environ) -> WeChatPay:
    """The SDK's client from the environment, as in its README."""
    return WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE, mchid=environ["WECHATPAY_MCHID"],
        private_key=environ["WECHATPAY_MERCHANT_KEY"],
        cert_serial_no=environ["WECHATPAY_MERCHANT_SERIAL"],
        apiv3_key=environ["WECHATPAY_API_V3_KEY"], appid=environ["WECHATPAY_APPID"],
        notify_url=environ["TONGBAO_NOTIFY_URL"],
        public_key=environ["WECHATPAY_PUBLIC_KEY"],
        public_key_id=environ["WECHATPAY_PUBLIC_KEY_ID"])


def tablestore_client(environ: Mapping[str, str] = os.environ) -> tablestore.OTSClient:
    """The SDK's client from the environment, as in its README."""
    return tablestore.OTSClient(
        environ["TONGBAO_TABLESTORE_ENDPOINT"],
        environ["ALIBABA_CLOUD_ACCESS_KEY_ID"], environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        environ["TONGBAO_TABLESTORE_INSTANCE"])
