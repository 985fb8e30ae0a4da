/** What follows an end: a license that is over, an order whose time went by. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage, reached, until } from "./stage";
import { offline, refusal } from "./server";

const DAY_MS = 86_400_000;
const ENDS: readonly (readonly [string, string])[] = [["LICENSE_REVOKED", "revoked"], ["LICENSE_SUSPENDED", "suspended"],
  ["LICENSE_EXPIRED", "expired"], ["DEVICE_NOT_ACTIVE", "removed"]];

/** Somebody whose license ended so. */
async function ended(code: string, status: string): Promise<Stage> {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  stage.server.fail(/lease$/, async () => refusal(403, code));
  assert.equal((await wechat.refresh()).status, status);
  return stage;
}

/** Somebody whose license is of another device. */
async function copied(): Promise<Stage> {
  const stage = new Stage();
  await stage.bought();
  stage.profile.keyPair = null;
  return stage;
}

const STATES: readonly (readonly [string, () => Promise<Stage>])[] = [
  ...ENDS.map(([code, status]) => [status, () => ended(code, status)] as const), ["another device's", copied]];

for (const [status, make] of STATES) {
  test(`with a license that is ${status} one can buy again`, async () => {
    const stage = await make();
    const checkout = stage.open().wechat.checkout();
    await reached(checkout, "awaiting_payment");
    assert.equal(stage.server.orders.size, 2);
    stage.server.pay();
    const license = await checkout.done;
    const state = await stage.open().wechat.getLicense();
    assert.ok(state.status === "active" && state.license.id === license.id);
  });

  test(`with a license that is ${status} one can restore`, async () => {
    const stage = await make();
    const [id] = [...stage.server.orders.keys()];
    const { wechat } = stage.open();
    await wechat.restore({ orderNumber: `no-${id}` });
    assert.equal((await wechat.getLicense()).status, "active");
  });
}

for (const [code, place] of [["LICENSE_EXPIRED", /claim$/], ["LICENSE_REVOKED", /claim$/], ["ORDER_NOT_FOUND", /^GET \/v1\/orders/]] as const) {
  test(`an order that ends with ${code} may be followed by another`, async () => {
    const stage = new Stage();
    const { wechat } = stage.open();
    const checkout = wechat.checkout();
    await reached(checkout, "awaiting_payment");
    stage.server.fail(place, async () => refusal(403, code));
    stage.server.pay();
    await assert.rejects(checkout.done, { reason: code });
    await reached(wechat.checkout(), "awaiting_payment");
    assert.equal(stage.server.orders.size, 2);
    assert.equal((await wechat.history({ offline: true })).length, 2);
  });
}

test("an order that the server lost does not keep a later payment from being found", async () => {
  const stage = new Stage();
  const { wechat, context } = stage.open();
  for (const _ of ["first", "second"]) {
    const checkout = wechat.checkout();
    await reached(checkout, "awaiting_payment");
    await checkout.cancel();
  }
  await reached(wechat.checkout(), "awaiting_payment");
  const [paidLate, lost] = [...stage.server.orders.values()];
  stage.server.orders.delete(lost?.id ?? "");
  if (paidLate !== undefined) paidLate.status = "paid";
  context.die();
  const worker = stage.open();
  worker.wechat.startBackground();
  await stage.care(worker.context);
  await until(() => worker.wechat.isActive());
});

/** A page that placed an order and closed, and the popup that is opened later. */
async function left(lateMs: number): Promise<{ readonly stage: Stage; readonly popup: ReturnType<Stage["open"]>["wechat"] }> {
  const stage = new Stage();
  const page = stage.open();
  await reached(page.wechat.checkout(), "awaiting_payment");
  page.context.die();
  stage.server.fail(/./, offline, Infinity);
  stage.profile.later(lateMs);
  return { stage, popup: stage.open().wechat };
}

test("until its end an order is pending, after it no more: by the clock, without the network", async () => {
  assert.equal((await (await left(3_600_000)).popup.pending())?.phase, "awaiting_payment");
  const { stage, popup } = await left(2 * 3_600_000);
  const asked = stage.server.asked.length;
  assert.equal((await popup.pending())?.phase, "closed");
  assert.equal(stage.server.asked.length, asked);
});

test("an order that is over by the clock, but paid, is a purchase when the server is asked", async () => {
  const { stage, popup } = await left(2 * 3_600_000);
  stage.server.failures.length = 0;
  stage.server.pay();
  assert.deepEqual((await popup.checkout().done).entitlements, ["pro"]);
  assert.equal(stage.server.orders.size, 1);
});

test("what is paid is pending however late it is", async () => {
  const stage = new Stage();
  const page = stage.open();
  const checkout = page.wechat.checkout();
  await reached(checkout, "awaiting_payment");
  stage.server.fail(/claim$/, offline, Infinity);
  stage.server.pay();
  await reached(checkout, "failed");
  page.context.die();
  stage.profile.later(30 * DAY_MS);
  assert.equal((await stage.open().wechat.pending())?.phase, "claiming");
});

test("an order that nobody ever answered is pending for a day", async () => {
  const stage = new Stage();
  stage.server.fail(/./, offline, Infinity);
  const page = stage.open();
  await reached(page.wechat.checkout(), "failed");
  page.context.die();
  assert.equal((await stage.open().wechat.pending())?.phase, "creating");
  stage.profile.later(DAY_MS);
  assert.equal(await stage.open().wechat.pending(), null);
});
