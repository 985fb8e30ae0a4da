"""WeChat Pay API v3 (https://pay.weixin.qq.com/doc/v3/merchant/4012081606).

Two ways in, nothing else is meant for the outside:
- `notify.WeChatNotifyVerifier`, the port NotifyVerifier; light to import, calls nobody;
- `gateway.WeChatNativeGateway`, the port PaymentGateway, over `transport.Transport`.
"""
