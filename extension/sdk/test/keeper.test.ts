import assert from "node:assert/strict";
import { test } from "node:test";
import { refreshAtS } from "../src/keeper";
import { DAY_S, entry, keySet, newSigner } from "./mint";
import { Stage, reached, settled, until } from "./stage";
import { offline } from "./server";

/** By what stands in for `Math.random`. */
const DRAWN = 0.5;
const IAT = 1_800_000_000 - 1_800_000_000 % DAY_S;

test("a refresh is due when 40 to 49 % of the lease have passed", () => {
  const lease = { iat: IAT, exp: IAT + 14 * DAY_S };
  for (const random of [0, 0.25, 0.5, 0.999]) {
    const part = (refreshAtS(lease, random) - IAT) / (14 * DAY_S);
    assert.ok(part >= 0.4 && part <= 0.49, String(part));
  }
  assert.notEqual(refreshAtS(lease, 0), refreshAtS(lease, 0.999));
});

test("not before the next UTC midnight, not all at that midnight, and not after the end", () => {
  const short = { iat: IAT, exp: IAT + 2 * DAY_S };
  assert.equal(refreshAtS(short, 0), IAT + DAY_S);
  assert.ok(refreshAtS(short, 0.999) > IAT + DAY_S);
  assert.equal(refreshAtS({ iat: IAT, exp: IAT + 3_600 }, 0.5), IAT + 3_600);
});

test("each browser draws its own time to refresh", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  const state = await wechat.getLicense();
  assert.ok(state.status === "active");
  const claims = JSON.parse(Buffer.from(state.license.token.split(".")[1] ?? "", "base64url").toString()) as { iat: number; exp: number };
  const { refreshAtS: drawn } = stage.kept<{ refreshAtS: number }>("license") ?? {};
  assert.equal(drawn, refreshAtS(claims, DRAWN));
  assert.notEqual(drawn, refreshAtS(claims, 0));
});

async function atWork(): Promise<{ stage: Stage; alarm: () => Promise<void>; wechat: ReturnType<Stage["open"]>["wechat"] }> {
  const stage = new Stage();
  await stage.bought();
  const { wechat, context } = stage.open();
  wechat.startBackground();
  await settled();
  return { stage, alarm: () => stage.care(context), wechat };
}

test("the background asks when it is due, not before", async () => {
  const { stage, alarm } = await atWork();
  const asked = (): number => stage.server.asked.filter((it) => it.endsWith("/lease")).length;
  await alarm();
  assert.equal(asked(), 0);
  stage.profile.later(7 * DAY_S * 1000);
  await alarm();
  await until(() => (stage.kept<{ refreshAtS: number }>("license")?.refreshAtS ?? 0) > stage.server.nowS);
  const first = asked();
  assert.ok(first >= 1 && first <= 2, "once, or twice where the nonce was old");
  await alarm();
  assert.equal(asked(), first);
});

test("who paid notices nothing of a server that is down for 14 days", async () => {
  const { stage, alarm, wechat } = await atWork();
  stage.profile.later(6 * DAY_S * 1000);
  stage.server.fail(/./, offline, Infinity);
  for (let day = 0; day < 14; day += 1) {
    stage.profile.later(DAY_S * 1000);
    await alarm();
    assert.equal(await wechat.isActive("pro"), true, `day ${day}`);
  }
  const state = await wechat.getLicense();
  assert.ok(state.status === "active" && state.inGrace);
  assert.equal(state.license.graceEndsAt.getTime() - state.license.leaseEndsAt.getTime(), 7 * DAY_S * 1000);
  stage.profile.later(2 * DAY_S * 1000);
  const over = await wechat.getLicense();
  assert.ok(over.status === "invalid" && over.error.code === "lease_expired" && over.error.retryable);
  stage.server.failures.length = 0;
  await alarm();
  await until(() => wechat.isActive());
});

test("a refund becomes the state, and is told in every context", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  const other = stage.open().wechat;
  const heard: string[] = [];
  other.on("change", (state) => heard.push(state.status));
  const [order] = stage.server.orders.values();
  if (order !== undefined) order.revoked = true;
  assert.equal((await wechat.refresh()).status, "revoked");
  await settled();
  assert.equal(heard.at(-1), "revoked");
  assert.equal(await other.isActive(), false);
});

test("a key that is withdrawn changes the state, and is told in every context", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  const other = stage.open().wechat;
  const heard: string[] = [];
  other.on("change", (state) => heard.push(state.status));
  const { server } = stage;
  server.set = await keySet(server.roots[0], 2, server.nowS, [entry("a", server.signing.signer, server.nowS, "withdrawn"),
    entry("b", newSigner(), server.nowS)]);
  await wechat.refresh();
  await until(() => heard.at(-1) === "invalid");
});

test("when a screen opens the server is asked once an hour at most", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  const asked = (): number => stage.server.asked.filter((it) => it.endsWith("/lease")).length;
  await wechat.refresh({ unlessWithinMs: 3_600_000 });
  assert.equal(asked(), 1);
  await wechat.refresh({ unlessWithinMs: 3_600_000 });
  assert.equal(asked(), 1);
  stage.profile.later(3_600_000);
  await wechat.refresh({ unlessWithinMs: 3_600_000 });
  assert.equal(asked(), 2);
});

test("a clock set back is an invalid state that a refresh mends once the clock is right", async () => {
  const { stage, alarm, wechat } = await atWork();
  stage.profile.later(300 * DAY_S * 1000);
  await wechat.getLicense();
  stage.profile.later(-299 * DAY_S * 1000);
  const state = await wechat.getLicense();
  assert.ok(state.status === "invalid" && state.error.code === "clock_rollback");
  await alarm();
  await until(() => wechat.isActive());
});

test("a stale nonce costs one more request, and only one", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  stage.server.nonce = "n2";
  assert.equal((await wechat.refresh()).status, "active");
  assert.equal(stage.server.asked.filter((it) => it.endsWith("/lease")).length, 2);
});

test("paid is told once, in the page and in the background, wherever the claim was made", async () => {
  const stage = new Stage();
  const [page, worker] = [stage.open(), stage.open()];
  const heard: string[] = [];
  page.wechat.on("paid", () => heard.push("page"));
  worker.wechat.on("paid", () => heard.push("worker"));
  const off = worker.wechat.on("paid", () => heard.push("gone"));
  off();
  const checkout = page.wechat.checkout();
  await reached(checkout, "awaiting_payment");
  stage.server.pay();
  await checkout.done;
  await until(() => heard.length >= 2);
  await settled();
  assert.deepEqual(heard.sort(), ["page", "worker"]);
});

test("the constructor does nothing", () => {
  const stage = new Stage();
  const { context } = stage.open();
  assert.equal(context.steps, 0);
  assert.equal(context.listeners.size, 0);
  assert.equal(context.background.alarm.length, 0);
});

test("startBackground registers everything before it waits for anything", () => {
  const stage = new Stage();
  const { wechat, context } = stage.open();
  wechat.startBackground();
  assert.equal(context.background.alarm.length, 1);
  assert.equal(context.background.start.length, 1);
  assert.equal(context.background.installed.length, 1);
  assert.equal(context.listeners.size, 1);
});
