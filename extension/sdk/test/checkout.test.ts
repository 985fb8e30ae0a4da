import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage, reached, settled, until } from "./stage";
import { offline, refusal } from "./server";

test("a purchase: placed, paid, claimed, verified, and put on the shelf", async () => {
  const stage = new Stage();
  const { wechat } = stage.open();
  const checkout = wechat.checkout();
  const state = await reached(checkout, "awaiting_payment");
  assert.ok(state.phase === "awaiting_payment" && state.payment.value.startsWith("weixin://") && state.online);
  stage.server.pay();
  const license = await checkout.done;
  assert.deepEqual(license.entitlements, ["pro"]);
  assert.equal(checkout.state.phase, "paid");
  assert.equal(await wechat.isActive("pro"), true);
  assert.equal(await wechat.isActive("other"), false);
  assert.equal(stage.kept("order"), null);
  assert.equal(stage.server.count("POST /v1/licenses/claim"), 1, "the poll brought the nonce");
});

test("the claim secret stays here until it is paid; only its hash leaves", async () => {
  const stage = new Stage();
  const bodies: string[] = [];
  const { context, wechat } = stage.open();
  const inner = context.fetch;
  Object.assign(context, { fetch: (input: string, init: RequestInit) => {
    if (init.method === "POST" && input.endsWith("/v1/orders")) bodies.push(JSON.stringify([init.body, init.headers]));
    return inner(input, init);
  } });
  await reached(wechat.checkout(), "awaiting_payment");
  const { claimSecret } = stage.kept<{ claimSecret: string }>("order") ?? { claimSecret: "" };
  assert.equal(claimSecret.length, 43);
  assert.equal(bodies.length, 1);
  assert.ok(!bodies[0]?.includes(claimSecret));
});

test("a context that dies after any write or request leaves one order, one claim and a license", async () => {
  const whole = new Stage();
  const steps = (await whole.bought()).context.steps;
  assert.ok(steps >= 9, `${steps} steps`);
  for (let diesAfter = 1; diesAfter <= steps; diesAfter += 1) {
    const stage = new Stage();
    const first = stage.open(diesAfter);
    const begun = first.wechat.checkout();
    await Promise.race([reached(begun, "awaiting_payment").catch(() => undefined), first.context.death]);
    stage.server.pay();
    await Promise.race([begun.done.catch(() => undefined), first.context.death]);
    assert.equal(first.context.dead, true, `step ${diesAfter} was reached`);
    const { wechat } = stage.open();
    if (await wechat.isActive() && stage.kept("order") === null) {
      assert.equal(stage.server.orders.size, 1);
      continue;
    }
    const again = wechat.checkout();
    if (stage.server.orders.size === 0 || [...stage.server.orders.values()][0]?.status !== "paid") {
      await reached(again, "awaiting_payment");
      stage.server.pay();
    }
    await again.done;
    assert.equal(stage.server.orders.size, 1, `dies after ${diesAfter}: one order`);
    const keys = new Set([...stage.server.orders.values()].map((it) => it.claimedBy));
    assert.equal(keys.size, 1);
    assert.ok(stage.server.leases <= 2, "a claim whose answer was lost is asked for once more");
    assert.equal(await wechat.isActive("pro"), true);
    assert.equal(stage.kept("order"), null);
    assert.equal((await wechat.history({ offline: true })).length, 1);
  }
});

test("two windows at once make one order, one of them polls, both see the payment", async () => {
  const stage = new Stage();
  const [one, two] = [stage.open(), stage.open()];
  const checkouts = [one.wechat.checkout(), two.wechat.checkout()];
  const states = await Promise.all(checkouts.map((it) => reached(it, "awaiting_payment")));
  assert.deepEqual(states[0], states[1]);
  assert.equal(stage.server.count("POST /v1/orders"), 1);
  const before = [one.context.steps, two.context.steps];
  await settled();
  const polled = [one.context.steps, two.context.steps].map((steps, at) => steps > (before[at] ?? 0));
  assert.equal(polled.filter(Boolean).length, 1, "one poller");
  stage.server.pay();
  const licenses = await Promise.all(checkouts.map((it) => it.done));
  assert.equal(licenses[0]?.token, licenses[1]?.token);
  assert.equal(stage.server.count("POST /v1/licenses/claim"), 1);
});

test("when the window that polls dies, the other goes on", async () => {
  const stage = new Stage();
  const [one, two] = [stage.open(), stage.open()];
  const first = one.wechat.checkout();
  await reached(first, "awaiting_payment");
  const second = two.wechat.checkout();
  await reached(second, "awaiting_payment");
  one.context.die();
  stage.server.pay();
  assert.deepEqual((await second.done).entitlements, ["pro"]);
});

test("a hidden page does not ask, gives the lock back, and asks at once when it is seen again", async () => {
  const stage = new Stage();
  const { wechat, context } = stage.open();
  const checkout = wechat.checkout();
  await reached(checkout, "awaiting_payment");
  context.show(false);
  await settled();
  const asked = stage.server.asked.length;
  await settled();
  assert.equal(stage.server.asked.length, asked);
  assert.equal([...stage.profile.locks.holders.keys()].length, 0);
  stage.server.pay();
  context.show(true);
  await checkout.done;
});

test("offline the code stays, is called offline, and the payment is found when the network is back", async () => {
  const stage = new Stage();
  const { wechat } = stage.open();
  const checkout = wechat.checkout();
  await reached(checkout, "awaiting_payment");
  stage.server.fail(/^GET \/v1\/orders/, offline, 3);
  for await (const state of checkout) if (state.phase === "awaiting_payment" && !state.online) break;
  stage.server.pay();
  await checkout.done;
});

test("without an answer the order is placed again with the same key", async () => {
  const stage = new Stage();
  stage.server.fail(/^POST \/v1\/orders$/, offline, 2);
  const { wechat } = stage.open();
  const checkout = wechat.checkout();
  const failed = await reached(checkout, "failed");
  assert.ok(failed.phase === "failed" && failed.error.code === "network" && failed.error.retryable);
  await reached(checkout, "awaiting_payment");
  assert.equal(stage.server.orders.size, 1);
  assert.equal(stage.server.count("POST /v1/orders"), 3);
});

test("Retry-After is kept to", async () => {
  const stage = new Stage();
  const { wechat } = stage.open();
  const checkout = wechat.checkout();
  await reached(checkout, "awaiting_payment");
  stage.server.fail(/^GET \/v1\/orders/, async () => refusal(429, "RATE_LIMITED", { "Retry-After": "40" }));
  const beforeMs = stage.profile.nowMs;
  for await (const _ of checkout) if (stage.server.failures[0]?.times === 0) break;
  const asked = stage.server.asked.length;
  while (stage.server.asked.length === asked) await settled(1);
  assert.ok(stage.profile.nowMs - beforeMs >= 40_000, `${stage.profile.nowMs - beforeMs}`);
});

test("a code that ran out is renewed under the same order number", async () => {
  const stage = new Stage();
  stage.server.codeLifeS = 300;
  const { wechat } = stage.open();
  const checkout = wechat.checkout();
  const first = await reached(checkout, "awaiting_payment");
  stage.profile.later(301_000);
  await reached(checkout, "code_expired");
  await checkout.refresh();
  const second = checkout.state;
  assert.ok(first.phase === "awaiting_payment" && second.phase === "awaiting_payment");
  assert.equal(first.order.orderNumber, second.order.orderNumber);
  assert.notEqual(first.payment.value, second.payment.value);
  stage.server.pay();
  await checkout.done;
});

test("cancelled, the order is closed at the server and can be followed by a new one", async () => {
  const stage = new Stage();
  const { wechat } = stage.open();
  const checkout = wechat.checkout();
  await reached(checkout, "awaiting_payment");
  await checkout.cancel();
  assert.equal(checkout.state.phase, "closed");
  await assert.rejects(checkout.done, { code: "order_closed" });
  assert.equal((await wechat.pending())?.phase, "closed");
  await reached(wechat.checkout(), "awaiting_payment");
  assert.equal(stage.server.orders.size, 2);
  assert.equal((await wechat.history({ offline: true })).length, 2);
});

test("paid while it is being cancelled, it is a purchase", async () => {
  const stage = new Stage();
  const { wechat, context } = stage.open();
  const checkout = wechat.checkout();
  await reached(checkout, "awaiting_payment");
  context.show(false);
  await settled();
  stage.server.pay();
  await checkout.cancel();
  assert.equal((await checkout.done).productId, "reader-pro");
});

test("an order that ran out while nobody looked is followed by a new one, with one click", async () => {
  const stage = new Stage();
  const first = stage.open();
  await reached(first.wechat.checkout(), "awaiting_payment");
  first.context.die();
  stage.profile.later(7_300_000);
  await reached(stage.open().wechat.checkout(), "awaiting_payment");
  assert.equal(stage.server.orders.size, 2);
});

test("paid late, after it was given up: the background finds it and unlocks", async () => {
  const stage = new Stage();
  const { wechat, context } = stage.open();
  const paid: string[] = [];
  wechat.on("paid", (license) => paid.push(license.id));
  wechat.startBackground();
  const checkout = wechat.checkout();
  await reached(checkout, "awaiting_payment");
  await checkout.cancel();
  const [order] = stage.server.orders.values();
  context.show(true);
  const next = wechat.checkout();
  await reached(next, "awaiting_payment");
  next.detach();
  if (order !== undefined) order.status = "paid";
  for (const listener of context.background.start) listener();
  await until(() => paid.length > 0);
  assert.equal(await wechat.isActive(), true);
  assert.deepEqual(paid, [`L-${order?.id}`]);
});

test("detached, the page lets go; the background goes on at its alarm", async () => {
  const stage = new Stage();
  const page = stage.open();
  const worker = stage.open();
  worker.wechat.startBackground();
  const checkout = page.wechat.checkout();
  await reached(checkout, "awaiting_payment");
  await settled();
  assert.equal(stage.profile.alarms.get("tongbao:reader-pro:poll"), 0.5);
  checkout.detach();
  await assert.rejects(checkout.done, { code: "aborted" });
  await settled();
  stage.server.pay();
  for (const listener of worker.context.background.alarm) listener({ name: "tongbao:reader-pro:poll" });
  await until(() => worker.wechat.isActive());
  await until(() => !stage.profile.alarms.has("tongbao:reader-pro:poll"));
  assert.equal(stage.profile.alarms.has("tongbao:reader-pro:care"), true);
});

test("a browser that starts asks for the order under way at once, before any alarm", async () => {
  const stage = new Stage();
  const page = stage.open();
  await reached(page.wechat.checkout(), "awaiting_payment");
  page.context.die();
  stage.server.pay();
  const worker = stage.open();
  worker.wechat.startBackground();
  for (const listener of worker.context.background.start) listener();
  await until(() => worker.wechat.isActive());
});

test("while a page polls the background's alarm asks nothing", async () => {
  const stage = new Stage();
  const worker = stage.open();
  worker.wechat.startBackground();
  await reached(stage.open().wechat.checkout(), "awaiting_payment");
  await settled();
  const before = worker.context.steps;
  for (const listener of worker.context.background.alarm) listener({ name: "tongbao:reader-pro:poll" });
  await settled();
  assert.equal(worker.context.steps, before);
});

test("an aborted signal is a detach", async () => {
  const stage = new Stage();
  const abort = new AbortController();
  const checkout = stage.open().wechat.checkout({ signal: abort.signal });
  await reached(checkout, "awaiting_payment");
  abort.abort();
  await assert.rejects(checkout.done, { code: "aborted" });
});

test("the iterator ends with the purchase, and a second one begins with where it stands", async () => {
  const stage = new Stage();
  const checkout = stage.open().wechat.checkout();
  const phases: string[] = [];
  for await (const { phase } of checkout) {
    phases.push(phase);
    if (phase === "awaiting_payment") stage.server.pay();
  }
  assert.deepEqual([phases[0], phases.at(-1)], ["creating", "paid"]);
  for await (const { phase } of checkout) assert.equal(phase, "paid");
});
