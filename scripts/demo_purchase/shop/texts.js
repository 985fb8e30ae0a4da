// Every sentence of the page, in both languages. A function takes what the sentence names.

const zh = {
  page: "通宝 · 购买许可证", skip: "跳到主要内容", languages: "语言",
  badge: "演示", badge_more: " · 不会真实扣款",
  foot: "这是本机演示：微信支付、表格存储与函数计算都是模拟的，代码是真实的。",
  offer: "选择许可证", offer_lead: "无需注册。付款后许可证会直接发放到这个浏览器。",
  your_order: "您的订单", loading: "正在加载…", total: "合计",
  gets: "您将得到",
  get_instant: "付款后数秒内自动到账", get_offline: "在您的设备上验证，断网也能用",
  get_private: "不需要账号，也不收集个人信息",
  refund: "退款", refund_none: "不支持自助退款，请联系商家",
  refund_terms: (days, unused, confirmed) =>
    `${days} 天内${unused ? "、未激活" : ""}可退款${confirmed ? "，由商家确认" : ""}`,
  pay: (price) => `微信支付 ${price}`, creating: "正在生成付款码…",
  how: "怎么付款", how_scan: "用微信扫一扫付款码", how_confirm: "在手机上确认支付",
  how_done: "许可证自动出现在这里",
  scan: "请用微信「扫一扫」支付", qr_label: (price) => `付款二维码，金额 ${price}。请用微信扫一扫支付。`,
  expires_in: "付款码剩余时间", waiting: "等待支付，完成后自动更新",
  offline: "连接中断，正在重试。付款码仍然有效，可以继续支付。",
  album: "请直接扫码；微信不支持从相册识别或长按识别付款码。",
  phone: "打开模拟手机扫码", new_window: "（在新窗口打开）",
  paid_already: "我已付款", other_product: "换一个商品",
  number: "商户单号", copy: "复制", copied: "已复制", copy_failed: "无法复制，请手动选择",
  code_expired: "付款码已过期",
  code_expired_lead: "订单还在，没有扣款。刷新后订单号不变，不会重复付款。",
  refresh: "刷新付款码", refreshing: "正在刷新…",
  order_expired: "订单已过期",
  order_expired_lead: "这个订单不能再付款。若您刚刚付过款，请稍等，本页仍在查询。",
  closed: "订单已关闭", closed_lead: "这个订单不能再付款，也没有扣款。请重新下单。",
  refunding: "订单正在退款", refunding_lead: "退款由微信支付原路退回；许可证已暂停。",
  again: "重新下单", claiming: "支付成功，正在签发许可证…",
  licensed: "支付成功，已解锁", yours: "您的许可证",
  entitlements: "权益", valid_until: "有效期至", for_ever: "永久有效",
  lease_until: "离线凭证有效期至", paid_at: "付款时间",
  license_key: "许可证密钥", license_id: "许可证编号",
  verified: "已离线验证",
  verified_lead: (kid, ms) => `Ed25519 签名与公钥 ${kid} 相符，用时 ${ms} 毫秒，未使用网络。`,
  details: "查看签名内容", header: "头部", claims: "声明", copy_lease: "复制凭证",
  earlier: (count) => `之前的订单与许可证（${count}）`,
  buy_another: "再买一个", retry: "重试", start_over: "重新开始",
  retry_in: (seconds) => `请在 ${seconds} 秒后重试。`,
  help: "若问题持续，请把这个编号告诉商家：",
  errors: {
    NETWORK: ["无法连接商店", "请检查网络后重试。您的订单和付款都不会丢失。"],
    TIMEOUT: ["商店没有及时响应", "请重试。重试不会产生第二个订单。"],
    BAD_ANSWER: ["无法识别商店返回的内容", "请稍后重试。重试不会产生第二个订单。"],
    RATE_LIMITED: ["请求过于频繁", "请稍等片刻再试。"],
    PROVIDER_UNAVAILABLE: ["微信支付暂时没有响应", "订单已保存，尚未扣款。请重试，订单号不变。"],
    PROVIDER_REFUSED: ["微信支付拒绝了该订单", "没有扣款，商家已收到提醒。您可以重新下单或稍后再来。"],
    TEMPORARILY_UNAVAILABLE: ["服务繁忙", "没有数据丢失。请用同一订单重试。"],
    PRODUCT_NOT_FOUND: ["该商品已下架", "请重新选择。"],
    ORDER_NOT_FOUND: ["找不到这个订单", "它可能属于另一个环境。若已付款，请凭商户单号联系商家。"],
    ORDER_NOT_PAID: ["订单尚未支付", "请先完成支付；若刚付款，请稍后重试。"],
    IDEMPOTENCY_KEY_REUSED: ["这个订单与之前的不一致", "请重新下单，没有扣款。"],
    LICENSE_SUSPENDED: ["许可证已暂停", "该订单正在退款。如有疑问请联系商家。"],
    LICENSE_REVOKED: ["许可证已撤销", "该订单已退款。如有疑问请联系商家。"],
    CLAIM_SECRET_USED: ["许可证已在另一台设备上激活", "请用商户单号或许可证密钥在这台设备上恢复。"],
    LICENSE_EXPIRED: ["许可证已到期", "感谢使用。您可以再次购买。"],
    LEASE_BAD_SIGNATURE: ["许可证签名无效", "收到的许可证不是由商店签发的，未被采用。请重试。"],
    LEASE_UNKNOWN_KEY: ["许可证使用了未知的密钥", "请更新本页后重试。您的付款已记录。"],
    LEASE_NOT_YET: ["许可证此刻无效", "请检查本机的日期和时间，然后重试。"],
    UNSUPPORTED_BROWSER: ["此浏览器不能验证许可证", "需要支持 Ed25519 的浏览器（Chrome 137、Firefox 129、Safari 17 起）。付款已记录，换浏览器前请保存商户单号。"],
    fallback: ["出了点问题", "您的付款不会丢失。请重试。"],
  },
};

const en = {
  page: "Tongbao · buy a license", skip: "Skip to the main part", languages: "Language",
  badge: "Demo", badge_more: " · no real money",
  foot: "A demo on this machine: WeChat Pay, Tablestore and Function Compute are emulated, the code is real.",
  offer: "Choose your license",
  offer_lead: "No account needed. The license arrives in this browser as soon as you have paid.",
  your_order: "Your order", loading: "Loading…", total: "Total",
  gets: "What you get",
  get_instant: "Unlocked seconds after payment", get_offline: "Verified on your device, works offline",
  get_private: "No account and no personal data",
  refund: "Refunds", refund_none: "Refunds: please ask the seller",
  refund_terms: (days, unused, confirmed) =>
    `Money back within ${days} days${unused ? ", if not activated" : ""}${confirmed ? "; the seller confirms" : ""}`,
  pay: (price) => `Pay ${price} with WeChat`, creating: "Preparing your code…",
  how: "How it works", how_scan: "Scan the code with WeChat", how_confirm: "Confirm on your phone",
  how_done: "The license appears here by itself",
  scan: "Scan with WeChat to pay", qr_label: (price) => `Payment QR code for ${price}. Scan it with WeChat.`,
  expires_in: "Time left to scan", waiting: "Waiting for your payment",
  offline: "Connection lost, retrying. The code is still good: you can go on and pay.",
  album: "Scan it directly; WeChat takes no payment code from the album or by long press.",
  phone: "Open the emulated phone", new_window: "(opens a new window)",
  paid_already: "I have paid", other_product: "Choose another product",
  number: "Order number", copy: "Copy", copied: "Copied", copy_failed: "Cannot copy; please select it",
  code_expired: "The code has expired",
  code_expired_lead: "Your order is still here and nothing was charged. Refreshing keeps the order number, so you cannot pay twice.",
  refresh: "Refresh the code", refreshing: "Refreshing…",
  order_expired: "The order has expired",
  order_expired_lead: "It can no longer be paid. If you paid just now, wait a moment: this page is still asking.",
  closed: "The order is closed", closed_lead: "It can no longer be paid and nothing was charged. Please order again.",
  refunding: "The payment is being refunded", refunding_lead: "WeChat Pay returns the money the way it came; the license is suspended.",
  again: "Order again", claiming: "Paid. Signing your license…",
  licensed: "Paid and unlocked", yours: "Your license",
  entitlements: "Unlocks", valid_until: "Valid until", for_ever: "For ever",
  lease_until: "Offline lease until", paid_at: "Paid at",
  license_key: "License key", license_id: "License ID",
  verified: "Verified offline",
  verified_lead: (kid, ms) => `The Ed25519 signature fits the public key ${kid}; checked in ${ms} ms without the network.`,
  details: "Show what was signed", header: "Header", claims: "Claims", copy_lease: "Copy the lease",
  earlier: (count) => `Earlier orders and licenses (${count})`,
  buy_another: "Buy another", retry: "Try again", start_over: "Start over",
  retry_in: (seconds) => `Please try again in ${seconds} s.`,
  help: "If this goes on, give the seller this number:",
  errors: {
    NETWORK: ["The shop cannot be reached", "Check your connection and try again. Neither your order nor a payment can get lost."],
    TIMEOUT: ["The shop did not answer in time", "Please try again. That never makes a second order."],
    BAD_ANSWER: ["The shop gave an answer that makes no sense", "Please try again a little later. That never makes a second order."],
    RATE_LIMITED: ["Too many requests", "Please wait a moment."],
    PROVIDER_UNAVAILABLE: ["WeChat Pay does not answer right now", "Your order is kept and nothing was charged. Try again: the order number stays the same."],
    PROVIDER_REFUSED: ["WeChat Pay refused the order", "Nothing was charged and the seller has been told. Order again, or come back later."],
    TEMPORARILY_UNAVAILABLE: ["The service is busy", "Nothing was lost. Try again with the same order."],
    PRODUCT_NOT_FOUND: ["This product is no longer for sale", "Please choose another one."],
    ORDER_NOT_FOUND: ["There is no such order", "It may belong to another shop. If you paid, contact the seller with the order number."],
    ORDER_NOT_PAID: ["The order is not paid yet", "Please pay first; if you just did, try again in a moment."],
    IDEMPOTENCY_KEY_REUSED: ["This order differs from the one before", "Please start over; nothing was charged."],
    LICENSE_SUSPENDED: ["The license is suspended", "The payment is being refunded. The seller can tell you more."],
    LICENSE_REVOKED: ["The license was revoked", "The payment was refunded. The seller can tell you more."],
    CLAIM_SECRET_USED: ["The license is active on another device", "Restore it here with the order number or the license key."],
    LICENSE_EXPIRED: ["The license has ended", "Thank you for using it. You can buy it again."],
    LEASE_BAD_SIGNATURE: ["The license's signature is wrong", "What arrived was not signed by the shop and was not accepted. Please try again."],
    LEASE_UNKNOWN_KEY: ["The license names an unknown key", "Reload this page and try again. Your payment is on record."],
    LEASE_NOT_YET: ["The license is not valid right now", "Check the date and time of this device, then try again."],
    UNSUPPORTED_BROWSER: ["This browser cannot verify the license", "It takes a browser with Ed25519 (Chrome 137, Firefox 129, Safari 17 or later). Your payment is on record; keep the order number."],
    fallback: ["Something went wrong", "Your payment cannot get lost. Please try again."],
  },
};

export const TEXTS = { zh, en };

const SAME_ADVICE = { LEASE_EXPIRED: "LEASE_NOT_YET", LEASE_MALFORMED: "LEASE_BAD_SIGNATURE",
  LEASE_OTHER_PRODUCT: "LEASE_BAD_SIGNATURE", LEASE_OTHER_DEVICE: "LEASE_BAD_SIGNATURE",
  KEYS_INVALID: "LEASE_UNKNOWN_KEY", KEYS_ROLLED_BACK: "LEASE_UNKNOWN_KEY",
  KEYS_EXPIRED: "LEASE_UNKNOWN_KEY" };

/** Title and guidance of an error code. */
export function explain(texts, given) {
  const code = SAME_ADVICE[given] ?? given;
  return Object.hasOwn(texts.errors, code) ? texts.errors[code] : texts.errors.fallback;
}

/** "¥99.00" */
export function formatPrice({ amount_minor, currency }, language) {
  const format = new Intl.NumberFormat(locale(language), {
    style: "currency", currency, currencyDisplay: "narrowSymbol" });
  const digits = format.resolvedOptions().maximumFractionDigits;
  return format.format(amount_minor / 10 ** digits);
}

export function formatDay(atS, language) {
  return new Intl.DateTimeFormat(locale(language), { dateStyle: "long" }).format(atS * 1000);
}

export function formatTime(atS, language) {
  return new Intl.DateTimeFormat(locale(language), { dateStyle: "medium", timeStyle: "short" })
    .format(atS * 1000);
}

/** "1:59:07" or "4:59" */
export function formatCountdown(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function locale(language) {
  return language === "zh" ? "zh-CN" : "en";
}
