"""What one would write instead, imported the ordinary way: the two SDKs and pydantic's models.

No web framework is counted, and the models are this project's own contract. `wechatpayv3` is
given the WeChat Pay public key, so that it need not download certificates.
"""

from __future__ import annotations

import os

import tablestore
from wechatpayv3 import WeChatPay, WeChatPayType

from shared.http import contract

MODELS = [value for value in vars(contract).values()
          if isinstance(value, type) and issubclass(value, contract.Model)]


def wechatpay_client() -> WeChatPay:
    """The SDK's client from the environment, as in its README."""
    return WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE, mchid=os.environ["WECHATPAY_MCHID"],
        private_key=os.environ["WECHATPAY_MERCHANT_KEY"],
        cert_serial_no=os.environ["WECHATPAY_MERCHANT_SERIAL"],
        apiv3_key=os.environ["WECHATPAY_API_V3_KEY"], appid=os.environ["WECHATPAY_APPID"],
        notify_url=os.environ["TONGBAO_NOTIFY_URL"],
        public_key=os.environ["WECHATPAY_PUBLIC_KEY"],
        public_key_id=os.environ["WECHATPAY_PUBLIC_KEY_ID"])


def tablestore_client() -> tablestore.OTSClient:
    """The SDK's client from the environment, as in its README."""
    return tablestore.OTSClient(
        os.environ["TONGBAO_TABLESTORE_ENDPOINT"],
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"], os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        os.environ["TONGBAO_TABLESTORE_INSTANCE"])
