import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PayError, codeOf, refusalOf, verdictOf } from "../src/errors";
import { WeChatIntegration } from "../src/wechat_integration";
import { Stage, reached } from "./stage";
import { refusal } from "./server";

const ROOT = process.env["TONGBAO_ROOT"] ?? ".";

/** Said to operators and to WeChat Pay, never to a buyer. */
const NOT_FOR_BUYERS = ["NOTIFY_INVALID", "REFUND_NOT_DECIDABLE", "NEEDS_ANOTHER_PERSON", "HELD_PAYMENT_NOT_FOUND",
  "HELD_PAYMENT_SETTLED", "HELD_PAYMENT_UNREADABLE", "COMPLAINT_NOT_FOUND", "BILL_NOT_DUE"];

function publicCodes(): readonly string[] {
  const document = JSON.parse(readFileSync(join(ROOT, "docs/openapi.json"), "utf8")) as
    { components: { schemas: { ErrorModel: { properties: { code: { enum: string[] } } } } } };
  return document.components.schemas.ErrorModel.properties.code.enum;
}

/** Code and status, as docs/reference.md lists them. */
function statuses(): ReadonlyMap<string, number> {
  const reference = readFileSync(join(ROOT, "docs/reference.md"), "utf8");
  return new Map([...reference.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)].map(([, code = "", status]) => [code, Number(status)]));
}

test("every code of the API has its place, but for those that no buyer gets", () => {
  const known = statuses();
  const codes = publicCodes();
  assert.ok(codes.length > 50);
  assert.deepEqual(codes.filter((code) => !known.has(code)), []);
  const placeless = codes.filter((code) => codeOf(code, known.get(code) ?? 0) === "bad_response");
  assert.deepEqual(placeless.filter((code) => !NOT_FOR_BUYERS.includes(code)), []);
  assert.deepEqual(NOT_FOR_BUYERS.filter((code) => !codes.includes(code)), []);
});

test("what a buyer can do something about has a code of its own", () => {
  const wanted = { LICENSE_KEY_MISTYPED: "mistyped", REFUND_AFTER_ACTIVATION: "refund_refused", ORDER_NOT_OPEN: "order_closed",
    DEVICE_LIMIT_REACHED: "device_limit", CLAIM_SECRET_USED: "claim_secret_used", PAYMENT_HELD: "payment_held",
    DEVICE_SWAP_LIMIT: "device_swap_limit", DEVICE_PROOF_INVALID: "device_proof_invalid", LICENSE_REVOKED: "license_revoked" };
  for (const [code, place] of Object.entries(wanted)) assert.equal(codeOf(code, statuses().get(code) ?? 0), place, code);
});

test("an unknown code goes by its status", () => {
  assert.equal(refusalOf("NEW_CODE", 503, {}).code, "server");
  assert.equal(refusalOf("NEW_CODE", 503, {}).retryable, true);
  assert.equal(refusalOf("NEW_CODE", 429, {}).code, "rate_limited");
  assert.equal(refusalOf("NEW_CODE", 409, {}).code, "bad_response");
  assert.equal(refusalOf("NEW_CODE", 409, {}).retryable, false);
});

test("waiting does not mend what WeChat Pay refused for good", () => {
  assert.equal(refusalOf("PROVIDER_REFUSED", 502, {}).retryable, false);
  assert.equal(refusalOf("PROVIDER_UNAVAILABLE", 503, {}).retryable, true);
});

test("a verifier's no has a code, and keeps the verifier's own", () => {
  for (const code of ["MALFORMED", "UNKNOWN_KEY", "KEYS_EXPIRED", "DEVICE_MISMATCH", "LEASE_EXPIRED", "CLOCK_ROLLBACK", "NOT_YET_VALID"]) {
    assert.equal(verdictOf(code).reason, code);
  }
  assert.equal(verdictOf("INVALID_SIGNATURE").code, "license_invalid");
  assert.equal(verdictOf("NOT_YET_VALID").code, "clock_rollback");
});

test("an error of the API keeps its words, its request and its time", async () => {
  const stage = new Stage();
  stage.server.fail(/products/, async () => refusal(429, "RATE_LIMITED", { "Retry-After": "7" }));
  await assert.rejects(stage.open().wechat.getProduct(), (error: unknown) => {
    assert.ok(error instanceof PayError && error instanceof Error);
    const { code, message, messageZh, retryAfterMs, requestId, reason, retryable } = error;
    assert.deepEqual({ code, message, messageZh, retryAfterMs, requestId, reason, retryable }, { code: "rate_limited",
      message: "en RATE_LIMITED", messageZh: "zh RATE_LIMITED", retryAfterMs: 7_000, requestId: "r1", reason: "RATE_LIMITED", retryable: true });
    return true;
  });
});

test("an answer that is not as agreed is no answer", async () => {
  const stage = new Stage();
  const { wechat } = stage.open();
  for (const body of ["<html>", "[]", "{}", '{"products": 5}', '{"products":[{"product_id":"reader-pro"}]}']) {
    stage.server.fail(/products/, async () => new Response(body));
    await assert.rejects(wechat.getProduct(), { code: "bad_response" }, body);
  }
  assert.equal((await wechat.getProduct()).title, "Reader Pro");
});

test("an aborted call says so", async () => {
  const stage = new Stage();
  stage.server.fail(/products/, () => Promise.reject(new DOMException("", "AbortError")));
  await assert.rejects(stage.open().wechat.getProduct({ signal: AbortSignal.abort() }), { code: "aborted" });
});

test("no request carries a cookie, follows a redirect, or is answered from a cache", async () => {
  const stage = new Stage();
  const { context } = stage.open();
  const sent: (RequestInit | undefined)[] = [];
  const wechat = new WeChatIntegration({ ...stage.options(), adapters: { ...context.adapters(), fetch: async (input, init) => {
    sent.push(init);
    return stage.server.fetch(input, init);
  } } });
  await reached(wechat.checkout(), "awaiting_payment");
  await wechat.getProduct();
  assert.ok(sent.length >= 2);
  for (const init of sent) {
    assert.deepEqual([init?.credentials, init?.redirect, init?.cache], ["omit", "error", "no-store"]);
  }
});
