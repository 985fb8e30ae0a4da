/** What to look at: one scene for each screen and each trouble. */

import type {
  CheckoutState, Device, Devices, License, LicenseState, OrderSummary, PastOrder, PayErrorCode,
  Product, Receipt,
} from "../../sdk/src/index";
import { asShape } from "../src/store";
import { FakeError, type Scene } from "./fake_shop";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const CODES: readonly PayErrorCode[] = ["network", "timeout", "rate_limited", "server", "bad_request", "bad_response",
  "unsupported", "aborted", "product_not_found", "order_not_found", "order_closed", "order_not_paid", "order_expired",
  "payment_held", "license_invalid", "license_expired", "license_revoked", "license_suspended", "license_not_found",
  "lease_expired", "device_mismatch", "device_proof_invalid", "device_limit", "device_not_active", "device_too_new",
  "device_swap_limit", "claim_secret_used", "takeover_waits", "takeover_busy", "takeover_not_open", "restore_barred",
  "mistyped", "clock_rollback", "refund_refused", "no_pending_order"];

/** Every scene, in words of one language, as seen at `nowMs`. */
export function scenesOf(isChinese: boolean, nowMs: number): Readonly<Record<string, Scene>> {
  const soon = (ms: number): Date => new Date(nowMs + ms);

  const price = { amountMinor: 990, currency: "CNY" };
  const refundPolicy = { windowDays: 7, onlyIfNeverActivated: false, mostPerPayer: 2, approvalAbove: null };
  const title = isChinese ? "阅读助手 Pro" : "Reader Pro";

  const product: Product = { id: "reader-pro", title, price, termDays: null, entitlements: ["pro"],
    description: isChinese ? "一眼看清任何文章的大纲。" : "The outline of any text at a glance.", refundPolicy };
  const order: OrderSummary = { orderId: "o1", orderNumber: "TB7K2M9QXW4HZN8RVC3JDT5F6A8E0GS", title, price,
    productId: "reader-pro" };
  const license: License = { id: "l1", productId: "reader-pro", entitlements: ["pro"], endsAt: null,
    leaseEndsAt: soon(3 * DAY_MS), graceEndsAt: soon(17 * DAY_MS), paidAt: soon(-DAY_MS), token: "",
    licenseKey: "TB1-7K2M9-QXW4H-ZN8RV-C3JDT" };
  const active: LicenseState = { status: "active", license, inGrace: false };
  const code = "weixin://wxpay/bizpayurl?pr=NwY5Mz9zz00";
  const awaiting = (leftMs: number, online = true): CheckoutState => ({ phase: "awaiting_payment", order,
    online, payment: { kind: "qr", value: code, expiresAt: soon(leftMs) } });
  const paid: CheckoutState = { phase: "paid", order, license };
  const failed = (name: PayErrorCode): CheckoutState => ({ phase: "failed", order, error: asShape(new FakeError(name)) });

  const device = (id: string, platform: string, daysAgo: number, isThis = false): Device => ({ id, platform, isThis,
    way: daysAgo < 5 ? "order_number" : "claim", activatedAt: soon(-daysAgo * DAY_MS), darkAt: soon(14 * DAY_MS) });
  const list = [device("d1", "chrome/windows", 40, true), device("d2", "edge/macos", 12), device("d3", "firefox/linux", 2)];
  const devices: Devices = { limit: 3, list, takeover: null };
  const takeover = { id: "t1", platform: "chrome/linux", way: "order_number" as const, replaces: "d2",
    askedAt: soon(-DAY_MS), ripeAt: soon(2 * DAY_MS) };
  const elsewhere: Devices = { ...devices, list: list.map((one) => ({ ...one, isThis: false })) };

  const receipt: Receipt = { order, status: "paid", paidAt: soon(-DAY_MS), refundPolicy,
    transactionId: "4200002468202611221234567890", refunded: { ...price, amountMinor: 0 }, refunds: [],
    refundable: price, refundRefusedBy: null };
  const past = (change: Partial<Receipt>, id: string): PastOrder => ({ placedAt: soon(-DAY_MS), error: null,
    order: { ...order, orderId: id }, receipt: { ...receipt, order: { ...order, orderId: id }, ...change } });
  const refund = { refundId: "r1", amount: price, status: "succeeded", requestedAt: soon(-DAY_MS), settledAt: soon(-DAY_MS / 2) };
  const history: PastOrder[] = [past({}, "o1"),
    past({ status: "refunded", refunds: [refund], refundRefusedBy: "REFUND_EXCEEDS_PAYMENT" }, "o2"),
    past({ refundRefusedBy: "REFUND_WINDOW_OVER" }, "o3")];

  const KEY = "TB1-7K2M9-QXW4H-ZN8RV-C3JDT";
  const typed = [["proof", KEY], ["restore-now"]] as const;
  const limit = new FakeError("device_limit", elsewhere);
  const waits = new FakeError("takeover_waits", { ...elsewhere, takeover });
  const TEXT = isChinese
    ? "为什么要读大纲\n大纲让人先看到骨架。读者可以决定哪一段值得细读，哪一段可以略过。\n怎么读得更快\n先看标题，再看每段第一句。这样只用三分之一的时间。"
    : "Why outlines help\nAn outline shows the bones first. Readers decide what deserves a closer look.\nHow to read faster\nRead the headings, then the first sentence of each paragraph. It takes a third of the time.";

  const screens: Record<string, Scene> = {
    popup_free: { view: "popup", product, popupText: TEXT },
    popup_pro: { view: "popup", product, license: active, popupText: TEXT },
    popup_offline: { view: "popup", product: new FakeError("network"), popupText: "" },
    popup_paying: { view: "popup", product, checkout: [awaiting(60 * MINUTE_MS)], popupText: TEXT },
    popup_revoked: { view: "popup", license: { status: "revoked" }, popupText: TEXT },
    offer: { view: "offer", product },
    offer_loading: { view: "offer" },
    offer_offline: { view: "offer", product: new FakeError("network") },
    creating: { view: "pay" },
    claiming: { view: "pay", checkout: [{ phase: "claiming", order }] },
    pay: { view: "pay", checkout: [awaiting(60 * MINUTE_MS), paid] },
    pay_not_yet: { view: "pay", checkout: [awaiting(60 * MINUTE_MS)], steps: [["check"]] },
    pay_soon: { view: "pay", checkout: [awaiting(4 * MINUTE_MS)] },
    pay_offline: { view: "pay", checkout: [awaiting(60 * MINUTE_MS, false)] },
    code_expired: { view: "pay", checkout: [{ phase: "code_expired", order }, awaiting(120 * MINUTE_MS)] },
    closed: { view: "pay", checkout: [{ phase: "closed", order }] },
    paid: { view: "pay", checkout: [paid] },
    paid_late: { view: "pay", checkout: [{ phase: "closed", order }, paid], steps: [["check"]] },
    license: { view: "license", license: active },
    license_year: { view: "license", license: { ...active, license: { ...license, endsAt: soon(365 * DAY_MS) } } },
    license_too_new: { view: "license", license: { ...active, license: { ...license, licenseKey: null } } },
    license_grace: { view: "license", license: { ...active, inGrace: true } },
    license_server_down: { view: "license", license: active, refresh: new FakeError("server"), steps: [["check-license"]] },
    license_none: { view: "license" },
    revoked: { view: "license", license: { status: "revoked" } },
    suspended: { view: "license", license: { status: "suspended" } },
    expired: { view: "license", license: { status: "expired" } },
    removed: { view: "license", license: { status: "removed" } },
    wrong_clock: { view: "license", license: { status: "invalid", error: asShape(new FakeError("clock_rollback")) } },
    no_webcrypto: { view: "license", license: { status: "invalid", error: asShape(new FakeError("unsupported")) } },
    devices: { view: "devices", license: active, devices },
    devices_asked: { view: "devices", license: active, devices: { ...devices, takeover } },
    devices_confirm: { view: "devices", license: active, devices, steps: [["ask-d2"]] },
    restore: { view: "restore" },
    restore_mistyped: { view: "restore", restore: [new FakeError("mistyped")], steps: typed },
    restore_choose: { view: "restore", restore: [limit, waits], steps: typed },
    restore_waits: { view: "restore", restore: [limit, waits], steps: [...typed, ["take-over"]] },
    restore_barred: { view: "restore", restore: [limit, new FakeError("restore_barred")], steps: [...typed, ["take-over"]] },
    restored: { view: "restore", restore: [license], steps: typed },
    history: { view: "history", license: active, history },
    history_empty: { view: "history", history: [] },
    history_offline: { view: "history", license: active, history: [{ order, placedAt: soon(-DAY_MS), receipt, error: asShape(new FakeError("network")) }] },
    refund: { view: "refund", license: active, history, order: "o1" },
    refund_asked: { view: "refund", license: active, history: history.slice(0, 1), order: "o1", steps: [["refund-now"]] },
    refund_refused: { view: "refund", license: active, history, order: "o3" },
  };

  return { ...screens, ...Object.fromEntries(CODES.map((name): [string, Scene] =>
    [`error_${name}`, { view: "pay", checkout: [failed(name)] }])) };
}
