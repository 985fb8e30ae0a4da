"""WeChat Pay API v3 (https://pay.weixin.qq.com/doc/v3/merchant/4012081606).

The ways in; nothing else is meant for the outside:
- `notify.WeChatNotifyVerifier`, the port NotifyVerifier; light to import, calls nobody;
- over `transport.Transport`: `gateway.WeChatNativeGateway`, the port PaymentGateway, and for
  timers and operators `refunds.WeChatRefundGateway`, `bills.WeChatBills` and
  `complaints.WeChatComplaints`, the ports RefundGateway, BillSource and ComplaintDesk;
- `payer.payer_hasher`, for deployments that count refunds by payer.
"""
