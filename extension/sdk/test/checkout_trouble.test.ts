/** Purchases that the server refuses, and what may follow them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PayError } from "../src/errors";
import { Stage, reached, settled, until } from "./stage";
import { refusal } from "./server";

test("a claim secret that another device used says so, and nobody is asked to pay again", async () => {
  const stage = new Stage();
  const { wechat } = stage.open();
  const checkout = wechat.checkout();
  await reached(checkout, "awaiting_payment");
  const [order] = stage.server.orders.values();
  if (order !== undefined) order.claimedBy = "another";
  stage.server.pay();
  await assert.rejects(checkout.done, (error: unknown) => error instanceof PayError && error.code === "claim_secret_used");
  const again = wechat.checkout();
  await assert.rejects(again.done, { code: "claim_secret_used" });
  assert.equal(stage.server.orders.size, 1);
});

test("refunded before it was claimed: revoked, and a new order may follow", async () => {
  const stage = new Stage();
  const { wechat } = stage.open();
  const checkout = wechat.checkout();
  await reached(checkout, "awaiting_payment");
  const [order] = stage.server.orders.values();
  if (order !== undefined) order.revoked = true;
  stage.server.pay();
  await assert.rejects(checkout.done, { code: "license_revoked", reason: "LICENSE_REVOKED" });
  await reached(wechat.checkout(), "awaiting_payment");
  assert.equal(stage.server.orders.size, 2);
});

test("a payment that is held is never paid again: the same order is asked about", async () => {
  const stage = new Stage();
  stage.server.fail(/^POST \/v1\/orders$/, async () => refusal(500, "PAYMENT_HELD"));
  const { wechat } = stage.open();
  await assert.rejects(wechat.checkout().done, { code: "payment_held" });
  const key = stage.kept<{ idempotencyKey: string }>("order")?.idempotencyKey;
  await reached(wechat.checkout(), "awaiting_payment");
  assert.equal(stage.kept<{ idempotencyKey: string }>("order")?.idempotencyKey, key);
});

test("an order that the shop refused leaves nothing behind, and the next try is a new one", async () => {
  const stage = new Stage();
  stage.server.fail(/^POST \/v1\/orders$/, async () => refusal(404, "PRODUCT_NOT_FOUND"));
  const { wechat } = stage.open();
  await assert.rejects(wechat.checkout().done, { code: "product_not_found" });
  const key = stage.kept<{ idempotencyKey: string }>("order")?.idempotencyKey;
  await reached(wechat.checkout(), "awaiting_payment");
  assert.notEqual(stage.kept<{ idempotencyKey: string }>("order")?.idempotencyKey, key);
  assert.equal((await wechat.history({ offline: true })).length, 1);
});

test("a page whose order was paid and followed by another, all while it slept, wakes to its license", async () => {
  const stage = new Stage();
  const [sleeper, other] = [stage.open(), stage.open()];
  const slept = sleeper.wechat.checkout();
  await reached(slept, "awaiting_payment");
  sleeper.context.show(false);
  sleeper.context.listeners.clear();
  await settled();
  const first = other.wechat.checkout();
  await reached(first, "awaiting_payment");
  stage.server.pay();
  await first.done;
  await reached(other.wechat.checkout(), "awaiting_payment");
  other.context.die();
  sleeper.context.show(true);
  assert.deepEqual((await slept.done).entitlements, ["pro"]);
});

test("a page that slept through the whole purchase, from before it had an answer, wakes to its license", async () => {
  const stage = new Stage();
  const [sleeper, other] = [stage.open(), stage.open()];
  const slept = sleeper.wechat.checkout();
  sleeper.context.show(false);
  await until(() => stage.kept("order") !== null);
  sleeper.context.listeners.clear();
  await reached(other.wechat.checkout(), "awaiting_payment");
  stage.server.pay();
  await until(() => other.wechat.isActive());
  await until(() => stage.kept("order") === null);
  sleeper.context.show(true);
  assert.deepEqual((await slept.done).entitlements, ["pro"]);
});

test("a page left open has WeChat asked within ten seconds of any payment, without a notify", async () => {
  const stage = new Stage();
  const polledMs: number[] = [];
  const checkout = stage.open().wechat.checkout();
  await reached(checkout, "awaiting_payment");
  const openedMs = stage.profile.nowMs;
  await until(() => {
    if (stage.server.count("GET /v1/orders/*") > polledMs.length) polledMs.push(stage.profile.nowMs);
    return stage.profile.nowMs > openedMs + 300_000;
  });
  checkout.detach();
  await assert.rejects(checkout.done, { code: "aborted" });
  // The server asks WeChat at the first poll that comes 7 s after its last question.
  const waitsMs = polledMs.flatMap((askedMs) => polledMs.find((ms) => ms >= askedMs + 7_000) ?? [])
    .map((nextMs, at) => nextMs - (polledMs[at] ?? 0));
  assert.ok(waitsMs.length > 100);
  assert.ok(Math.max(...waitsMs) <= 9_000, `${Math.max(...waitsMs)} ms`);
});

test("a license whose lease is not signed yet is asked for again after two seconds", async () => {
  const stage = new Stage();
  const { wechat } = stage.open();
  const checkout = wechat.checkout();
  await reached(checkout, "awaiting_payment");
  stage.server.unsigned = 1;
  stage.server.pay();
  const state = await reached(checkout, "failed");
  assert.ok(state.phase === "failed" && state.error.retryable && state.error.reason === "LEASE_PENDING");
  const beforeMs = stage.profile.nowMs;
  await checkout.done;
  assert.ok(stage.profile.nowMs - beforeMs >= 2_000, `${stage.profile.nowMs - beforeMs}`);
  assert.equal(stage.server.count("POST /v1/licenses/claim"), 2);
});
