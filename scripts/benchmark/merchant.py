"""A merchant made for one run: keys of both sides, the functions' settings, genuine notifies."""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from scripts.keyring import key_set, steps
from scripts.keyring.private_keys import SigningKey, make_root, make_signing_key

MCHID, APPID = "1900000109", "wxd678efh567hg6787"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000001092024091100000000000001"
MERCHANT_SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
NOTIFY_PATH = "/v1/notify/wechatpay"


def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class SignedNotify:
    """A notify as WeChat Pay sends it."""

    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Merchant:
    """Fresh keys: the merchant's own, WeChat Pay's, the APIv3 key and a license signing key."""

    merchant_key: rsa.RSAPrivateKey = field(default_factory=_rsa_key)
    wechatpay_key: rsa.RSAPrivateKey = field(default_factory=_rsa_key)
    api_v3_key: str = field(default_factory=lambda: secrets.token_hex(16))
    signing: SigningKey = field(default_factory=lambda: make_signing_key("test-1"))
    license_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def merchant_key_pem(self) -> str:
        """PKCS#8, as the merchant portal hands it out."""
        return self.merchant_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()).decode()

    @property
    def wechatpay_public_key_pem(self) -> str:
        """SubjectPublicKeyInfo, as the merchant portal hands it out."""
        return self.wechatpay_key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def environment(self) -> dict[str, str]:
        """Every variable that any of the functions, or the plain stack, reads."""
        return {
            "TONGBAO_ENVIRONMENT": "test", "TONGBAO_PREFIX": "TB01",
            "TONGBAO_TABLESTORE_ENDPOINT": "https://tongbao-test.cn-hangzhou.ots.aliyuncs.com",
            "TONGBAO_TABLESTORE_INSTANCE": "tongbao-test",
            "TONGBAO_NOTIFY_URL": f"https://shop.example{NOTIFY_PATH}",
            "TONGBAO_LICENSE_SECRETS": json.dumps({"1": self.license_secret}),
            "TONGBAO_SIGNING_KID": self.signing.kid, "TONGBAO_SIGNING_KEY": self.signing.seed,
            "TONGBAO_KEY_SET": key_set.sign(steps.new_set(
                issuer="tongbao:TB01", environment="test", keys=[self.signing.public],
                now_s=int(time.time())), make_root()),
            "WECHATPAY_MCHID": MCHID, "WECHATPAY_APPID": APPID,
            "WECHATPAY_MERCHANT_SERIAL": MERCHANT_SERIAL,
            "WECHATPAY_MERCHANT_KEY": self.merchant_key_pem,
            "WECHATPAY_PUBLIC_KEY_ID": PUBLIC_KEY_ID,
            "WECHATPAY_PUBLIC_KEY": self.wechatpay_public_key_pem,
            "WECHATPAY_API_V3_KEY": self.api_v3_key,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "test-key-id",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "test-key-secret"}

    def notify(self, out_trade_no: str, amount_fen: int, now_s: int) -> SignedNotify:
        """A genuine notify of a payment, shaped as in WeChat Pay's document 4012791861."""
        paid_at = datetime.fromtimestamp(now_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+00:00")
        transaction = {
            "transaction_id": f"42000{secrets.randbelow(10**23):023d}",
            "amount": {"payer_total": amount_fen, "total": amount_fen,
                       "currency": "CNY", "payer_currency": "CNY"},
            "mchid": MCHID, "trade_state": "SUCCESS", "bank_type": "OTHERS",
            "success_time": paid_at, "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
            "out_trade_no": out_trade_no, "appid": APPID, "trade_state_desc": "支付成功",
            "trade_type": "NATIVE", "attach": ""}
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.api_v3_key.encode()).encrypt(
            nonce.encode(), _compact(transaction), b"transaction")
        return self._signed(_compact({
            "id": "EV-2018022511223320873", "create_time": paid_at,
            "resource_type": "encrypt-resource", "event_type": "TRANSACTION.SUCCESS",
            "summary": "支付成功", "resource": {
                "original_type": "transaction", "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(sealed).decode(),
                "associated_data": "transaction", "nonce": nonce}}), now_s)

    def _signed(self, body: bytes, now_s: int) -> SignedNotify:
        timestamp, nonce = str(now_s), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self.wechatpay_key.sign(message, PKCS1v15(), SHA256())
        return SignedNotify({
            "Content-Type": "application/json", "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce, "Wechatpay-Serial": PUBLIC_KEY_ID,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048"}, body)


def fc_event(notify: SignedNotify) -> bytes:
    """The notify as Function Compute hands it to a function (HTTP trigger, payload v1)."""
    return _compact({
        "version": "v1", "rawPath": NOTIFY_PATH, "headers": notify.headers,
        "queryParameters": {}, "body": base64.b64encode(notify.body).decode(),
        "isBase64Encoded": True,
        "requestContext": {
            "accountId": "123456*********", "domainName": "shop.example",
            "domainPrefix": "shop", "requestId": "1-64f6cd87-*************",
            "time": "2023-09-05T06:41:11Z", "timeEpoch": "1693896071895",
            "http": {"method": "POST", "path": NOTIFY_PATH, "protocol": "HTTP/1.1",
                     "sourceIp": "121.51.30.2", "userAgent": "Mozilla/4.0"}}})


def _compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
