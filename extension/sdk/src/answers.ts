/** The API's answers (docs/openapi.json) as the shapes of this SDK. */
import { among, count, date, fields, flag, list, object, orNull, refuse, text } from "./reading";
import type { Devices, Product, Receipt } from "./types";

const money = object({ amount_minor: count, currency: text });
const policy = object({ window_days: count, only_if_never_activated: flag, most_per_payer: orNull(count), approval_above: orNull(money) });
const status = among(["created", "awaiting_payment", "expired", "paid", "closed", "refunding", "refunded"]);
const way = among(["claim", "order_number", "license_key"]);
const sold = { order_id: text, out_trade_no: text, product_id: text, title: text, price: money, status };

const order = object({ ...sold, expires_at_s: count,
  payment: orNull(object({ kind: among(["qr", "redirect", "client_secret"]), value: text, expires_at_s: count })) });
const license = object({ license_id: text, license_key: orNull(text), paid_at_s: count, lease: orNull(object({ token: text })) });
const product = object({ titles: fields, descriptions: fields, prices: list(money), term_days: orNull(count),
  entitlements: list(text), refund_policy: orNull(policy) });
const receipt = object({ ...sold, paid_at_s: orNull(date), transaction_id: orNull(text), refunded: money,
  refunds: list(object({ refund_id: text, amount: money, status: text, requested_at_s: date, settled_at_s: orNull(date) })),
  refundable: money, refund_refused_by: orNull(text), refund_policy: orNull(policy) });
const devices = object({ device_limit: count,
  devices: list(object({ device_id: text, platform: text, way, activated_at_s: date, dark_at_s: date, is_this: flag })),
  takeover: orNull(object({ takeover_id: text, platform: text, way, replaces: text, asked_at_s: date, ripe_at_s: date })) });

/** An order as it is kept: JSON, `expiresAt` in seconds. */
export type KeptOrder = ReturnType<typeof order>;
/** A license as the server handed it over: nothing of it is believed before its lease is verified. */
export type HandedLicense = ReturnType<typeof license>;

export function readOrder(answer: unknown): KeptOrder {
  return order(fields(answer)["order"]);
}

export function readLicense(answer: unknown): HandedLicense {
  return license(fields(answer)["license"]);
}

/** One product, in that language where it has it; undefined: it is not for sale. */
export function readProduct(answer: unknown, id: string, language: "en" | "zh"): Product | undefined {
  const found = list(fields)(fields(answer)["products"]).find((it) => it["product_id"] === id);
  if (found === undefined) return undefined;
  const { titles, descriptions, prices, ...rest } = product(found);
  const price = prices.find((it) => it.currency === "CNY") ?? prices[0] ?? refuse("price");
  return { id, title: text(titles[language] ?? titles["zh"]), description: text(descriptions[language] ?? descriptions["zh"]), price, ...rest };
}

export function readReceipt(answer: unknown): Receipt {
  const { orderId, outTradeNo: orderNumber, productId, title, price, ...rest } = receipt(fields(answer)["receipt"]);
  return { order: { orderId, orderNumber, productId, title, price }, ...rest };
}

export function readDevices(source: unknown): Devices {
  const { deviceLimit: limit, devices: all, takeover } = devices(source);
  const named = all.map(({ deviceId: id, ...rest }) => ({ id, ...rest }));
  if (takeover === null) return { limit, list: named, takeover };
  const { takeoverId: id, ...rest } = takeover;
  return { limit, list: named, takeover: { id, ...rest } };
}
