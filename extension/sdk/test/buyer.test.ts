/** Devices, restore, history, refunds, the page, and what was written for ExtensionPay. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PayError } from "../src/errors";
import { extPayFor } from "../src/extpay";
import { platformOf } from "../src/chrome_adapters";
import { newKeyPair } from "../src/device";
import { Stage, reached, settled, until } from "./stage";
import { json, offline, refusal } from "./server";

test("restored by order number on a new device, and again after the network failed", async () => {
  const stage = new Stage();
  await stage.bought();
  const [order] = stage.server.orders.values();
  const { wechat } = stage.elsewhere().open();
  stage.server.fail(/restore$/, offline);
  await assert.rejects(wechat.restore({ orderNumber: `no-${order?.id}` }), { code: "network" });
  const license = await wechat.restore({ orderNumber: ` no-${order?.id} ` });
  assert.equal(license.licenseKey, `TB1-${order?.id}`);
  assert.equal(await wechat.isActive(), true);
  assert.deepEqual(await wechat.history(), []);
});

const FULL = { device_limit: 1, devices: [{ device_id: "D1", platform: "chrome/windows", way: "claim", activated_at_s: 1, dark_at_s: 2, is_this: false }], takeover: null };
const WAITS = { ...FULL, takeover: { takeover_id: "K1", platform: "chrome/linux", way: "order_number", replaces: "D1", asked_at_s: 10, ripe_at_s: 20 } };
const withDetails = (code: string, details: object) => async (): Promise<Response> =>
  json(409, { error: { code, message: "m", message_zh: "z", request_id: "r", details } });

test("device_limit carries the devices to choose from; a takeover waits, is kept, and is asked for again", async () => {
  const stage = new Stage();
  await stage.bought();
  const [order] = stage.server.orders.values();
  const elsewhere = stage.elsewhere();
  const { wechat, context } = elsewhere.open();
  const by = { orderNumber: `no-${order?.id}` };
  stage.server.fail(/restore$/, withDetails("DEVICE_LIMIT_REACHED", FULL));
  await assert.rejects(wechat.restore(by), (error: unknown) => error instanceof PayError && error.code === "device_limit"
    && error.devices?.list[0]?.id === "D1" && error.devices.limit === 1);
  assert.equal(await wechat.pendingRestore(), null);
  stage.server.fail(/restore$/, withDetails("TAKEOVER_WAITS", WAITS), 2);
  await assert.rejects(wechat.restore(by, { replaces: "D1" }), { code: "takeover_waits" });
  assert.deepEqual(await wechat.pendingRestore(), { by, replaces: "D1", ripeAt: new Date(20_000) });
  wechat.startBackground();
  await elsewhere.care(context);
  assert.notEqual(await wechat.pendingRestore(), null);
  await elsewhere.care(context);
  await until(async () => await wechat.pendingRestore() === null && wechat.isActive());
});

test("a restore that waits is not ended by a portal that answers for the server", async () => {
  const stage = new Stage();
  const { wechat, context } = stage.open();
  stage.server.fail(/restore$/, withDetails("TAKEOVER_WAITS", WAITS));
  await assert.rejects(wechat.restore({ licenseKey: "TB1-X" }, { replaces: "D1" }), { code: "takeover_waits" });
  stage.server.fail(/restore$/, async () => new Response("<html>login</html>"));
  wechat.startBackground();
  await stage.care(context);
  await until(() => stage.server.failures.at(-1)?.times === 0);
  await settled();
  assert.notEqual(await wechat.pendingRestore(), null);
});

test("a restore that was objected to waits no longer", async () => {
  const stage = new Stage();
  const { wechat } = stage.open();
  stage.server.fail(/restore$/, withDetails("TAKEOVER_WAITS", WAITS));
  await assert.rejects(wechat.restore({ licenseKey: "TB1-X" }, { replaces: "D1" }), { code: "takeover_waits" });
  stage.server.fail(/restore$/, async () => refusal(409, "RESTORE_BARRED"));
  await assert.rejects(wechat.restore({ licenseKey: "TB1-X" }, { replaces: "D1" }), { code: "restore_barred" });
  assert.equal(await wechat.pendingRestore(), null);
});

test("which of the devices is this one is told by the server, which saw its proof", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  stage.server.devices.push("this");
  assert.deepEqual((await wechat.devices.list()).list.map((it) => [it.id, it.isThis]), [["other", false], ["this", true]]);
});

test("devices are listed for this license; without one there is nothing to list", async () => {
  const stage = new Stage();
  await assert.rejects(stage.open().wechat.devices.list(), { code: "license_not_found" });
  const { wechat } = await stage.bought();
  const { list, limit } = await wechat.devices.list();
  assert.equal(limit, 3);
  assert.deepEqual(list.map((it) => [it.id, it.isThis]), [["other", false]]);
});

test("history shows receipts, and without the network what it showed last", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  const [first] = await wechat.history();
  assert.equal(first?.receipt?.transactionId, "T1");
  assert.equal(first?.error, null);
  stage.server.fail(/receipt$/, offline);
  const [second] = await wechat.history();
  assert.equal(second?.receipt?.transactionId, "T1");
  assert.equal(second?.error?.code, "network");
});

test("a refund is asked for once, however often it is sent, and ends the license here", async () => {
  const stage = new Stage();
  const keys: (string | null)[] = [];
  const { wechat, context } = await stage.bought();
  const inner = context.fetch;
  Object.assign(context, { fetch: (input: string, init: RequestInit) => {
    if (input.endsWith("/refunds")) keys.push(new Headers(init.headers).get("idempotency-key"));
    return inner(input, init);
  } });
  const [order] = stage.server.orders.values();
  stage.server.fail(/refunds$/, offline);
  await assert.rejects(wechat.requestRefund(order?.id ?? ""), { code: "network" });
  const receipt = await wechat.requestRefund(order?.id ?? "");
  assert.equal(receipt.refunds.length, 1);
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  assert.equal((await wechat.getLicense()).status, "revoked");
});

test("a refused refund says why in the API's own code", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  stage.server.refundRefusedBy = "REFUND_WINDOW_OVER";
  const [order] = stage.server.orders.values();
  await assert.rejects(wechat.requestRefund(order?.id ?? ""), { code: "refund_refused", reason: "REFUND_WINDOW_OVER" });
  await assert.rejects(wechat.requestRefund("unknown"), { code: "order_not_found" });
  assert.equal(await wechat.isActive(), true);
});

test("two windows that ask for a refund at once ask for one", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  const [order] = stage.server.orders.values();
  await Promise.all([wechat, stage.open().wechat].map((it) => it.requestRefund(order?.id ?? "")));
  assert.equal(stage.server.count("POST /v1/orders/*/refunds"), 2);
  assert.equal(stage.server.refundKeysSeen.size, 1);
});

test("the payment page opens at its view", async () => {
  const stage = new Stage();
  const { wechat, context } = stage.open();
  await wechat.openPaymentPage();
  await wechat.openPaymentPage("restore", "window");
  assert.deepEqual(context.opened, ["chrome-extension://test/pay.html#offer", "chrome-extension://test/pay.html#restore"]);
});

test("code written for ExtensionPay runs after one import changed", async () => {
  const stage = new Stage();
  const background = stage.open();
  const popup = stage.open();
  const factory = (context: typeof popup.context) => extPayFor({ ...stage.options(), adapters: context.adapters() });
  // The background of an extension that uses ExtensionPay:
  const events: string[] = [];
  {
    const ExtPay = factory(background.context);
    const extpay = ExtPay("sample-extension");
    extpay.startBackground();
    extpay.onPaid.addListener((user) => {
      events.push(`paid ${user.paid}`);
    });
    extpay.onTrialStarted.addListener(() => {
      events.push("trial");
    });
  }
  // Its popup:
  const ExtPay = factory(popup.context);
  const extpay = ExtPay("sample-extension");
  const user = await extpay.getUser();
  assert.equal(user.paid, false);
  assert.ok(user.installedAt instanceof Date && user.trialStartedAt === null && user.paidAt === null);
  await extpay.openPaymentPage();
  await extpay.openTrialPage("7 days");
  await extpay.openLoginPage();
  assert.deepEqual(popup.context.opened.map((url) => url.split("#")[1]), ["offer", "offer", "restore"]);
  const [plan] = await extpay.getPlans();
  assert.deepEqual(plan, { unitAmountCents: 990, currency: "cny", nickname: "Reader Pro", interval: "year", intervalCount: 1 });
  const checkout = extpay.wechat.checkout();
  await reached(checkout, "awaiting_payment");
  stage.server.pay();
  await checkout.done;
  await until(() => events.length > 0);
  const after = await extpay.getUser();
  assert.ok(after.paid && after.paidAt instanceof Date);
  assert.deepEqual(events, ["paid true"]);
  assert.equal(after.installedAt.getTime(), user.installedAt.getTime());
});

test("the private half of the device's key cannot be read", async () => {
  const { privateKey } = await newKeyPair();
  assert.equal(privateKey.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("pkcs8", privateKey));
});

test("a platform is told coarsely, in the form that the API takes", () => {
  const form = /^[a-z0-9]{1,16}\/[a-z0-9]{1,16}$/;
  const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36";
  assert.equal(platformOf(chrome), "chrome/windows");
  assert.equal(platformOf(`${chrome} Edg/137.0`), "edge/windows");
  assert.equal(platformOf("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"), "firefox/linux");
  assert.match(platformOf(""), form);
});
