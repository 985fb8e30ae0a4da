import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Scene } from "../src/scene";
import { Trust } from "../src/trust";
import { Context, Profile } from "./contexts";
import { DAY_S, ISSUER, PRODUCT, entry, keySet, lease, newSigner } from "./mint";
import { Stage } from "./stage";
import { offline, refusal } from "./server";

interface Case { readonly name: string; readonly loaded: readonly string[]; readonly call: string; readonly expect: string;
  readonly options?: object; readonly args: { readonly token: string; readonly now_s: number; readonly device_jkt?: string | null; readonly latest_seen_s?: number | null } }
interface Vectors { readonly options: { readonly min_seq: number } & Record<string, unknown>; readonly sets: Record<string, string>;
  readonly loaded_at_s: number; readonly cases: readonly Case[] }

const ROOT = process.env["TONGBAO_ROOT"] ?? ".";
const vectors = (name: string): Vectors => JSON.parse(readFileSync(join(ROOT, "tests/vectors/leases", `${name}.json`), "utf8")) as Vectors;

/** WebCrypto as in a browser without Ed25519. */
const WITHOUT_ED25519 = new Proxy(crypto.subtle, { get: (target, name) => {
  const found = Reflect.get(target, name) as (...args: unknown[]) => unknown;
  return name === "importKey" ? (...args: unknown[]) => args[2] === "Ed25519"
    ? Promise.reject(new DOMException("", "NotSupportedError")) : found.apply(target, args) : found.bind(target);
} });

async function answer(document: Vectors, one: Case, subtle: SubtleCrypto): Promise<string> {
  const { min_seq: minSeq, ...options } = { ...document.options, ...one.options };
  const profile = new Profile();
  const scene = new Scene("vectors", new Context(profile, fetch).adapters());
  // A lease is always checked against this device here; where a vector names none, it is the lease's own.
  const own = one.args.device_jkt ?? jktOf(one.args.token);
  const trust = new Trust({ ...options, minSeq, subtle } as unknown as ConstructorParameters<typeof Trust>[0], scene, async () => own);
  profile.nowMs = document.loaded_at_s * 1000;
  for (const name of one.loaded) assert.equal(await trust.takeKeys(document.sets[name] ?? ""), "VALID", name);
  profile.nowMs = one.args.now_s * 1000;
  if (one.call === "load_keys") return trust.takeKeys(one.args.token);
  const seenS = one.args.latest_seen_s ?? null;
  if (seenS !== null) await scene.write("clock", { seenS, askedAtMs: 0 });
  return (await trust.verify(one.args.token)).code;
}

function jktOf(token: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { cnf?: { jkt?: unknown } };
    return String(claims.cnf?.jkt);
  } catch {
    return "none";
  }
}

for (const [name, way, subtle] of ["leases", "keys", "node"].flatMap((it) =>
  [[it, "the browser's Ed25519", crypto.subtle], [it, "the fallback", WITHOUT_ED25519]] as const)) {
  test(`the shared vectors of ${name} get the published answers through what is kept in storage, with ${way}`, async () => {
    const document = vectors(name);
    let asked = 0;
    for (const one of document.cases) {
      if (!["verify_lease", "load_keys"].includes(one.call)) continue;
      asked += 1;
      // What is kept is text: a set that is taken again, byte for byte, is no news.
      const again = one.call === "load_keys" && one.loaded.some((it) => document.sets[it] === one.args.token);
      assert.equal(await answer(document, one, subtle), again ? "VALID" : one.expect, one.name);
    }
    assert.ok(asked > 5, `${asked} cases`);
  });
}

async function bench(): Promise<{ profile: Profile; scene: Scene; trust: Trust; open: () => Trust; nowS: number; token: string; old: ReturnType<typeof newSigner>; root: ReturnType<typeof newSigner> }> {
  const profile = new Profile();
  const [root, next, old] = [newSigner(), newSigner(), newSigner()];
  const scene = new Scene(PRODUCT, new Context(profile, fetch).adapters());
  const open = (): Trust => new Trust({ roots: [root.x, next.x], issuer: ISSUER, environment: "test", product: PRODUCT, minSeq: 3 },
    scene, async () => "A".repeat(43));
  const nowS = Math.floor(profile.nowMs / 1000);
  const trust = open();
  assert.equal(await trust.takeKeys(await keySet(root, 5, nowS, [entry("a", old, nowS)])), "VALID");
  const token = lease("a", old, { licenseId: "L", jkt: "A".repeat(43), nowS });
  return { profile, scene, trust, open, nowS, token, old, root };
}

test("seq never falls, in this context or in the next", async () => {
  const { trust, open, nowS, root, old, token } = await bench();
  const older = await keySet(root, 4, nowS, [entry("a", old, nowS)]);
  assert.equal(await trust.takeKeys(older), "KEYS_ROLLED_BACK");
  assert.equal(await open().takeKeys(older), "KEYS_ROLLED_BACK");
  assert.equal((await open().verify(token)).code, "VALID");
});

test("a withdrawn key is taken up at once, also by a context that had loaded the set before", async () => {
  const { trust, open, nowS, root, old, token } = await bench();
  assert.equal((await trust.verify(token)).code, "VALID");
  assert.equal(await open().takeKeys(await keySet(root, 6, nowS, [entry("a", old, nowS, "withdrawn"), entry("b", newSigner(), nowS)])), "VALID");
  assert.equal((await trust.verify(token)).code, "KEY_WITHDRAWN");
});

test("a set that ended in storage is named as what is wrong", async () => {
  const { profile, open, nowS, root, old, token } = await bench();
  await open().takeKeys(await keySet(root, 6, nowS, [entry("a", old, nowS)], nowS + 60));
  profile.later(61_000);
  assert.equal((await open().verify(token)).code, "KEYS_EXPIRED");
});

test("a clock that falls by more than a day is noticed, by less is not", async () => {
  const { profile, trust, token } = await bench();
  profile.later(3 * DAY_S * 1000);
  assert.equal((await trust.verify(token)).code, "VALID");
  profile.later(-DAY_S * 1000);
  assert.equal((await trust.verify(token)).code, "VALID");
  profile.later(-1000);
  assert.equal((await trust.verify(token)).code, "CLOCK_ROLLBACK");
});

test("a fresh lease of today clears a clock that had once been far ahead; an old one does not", async () => {
  const { profile, trust, scene, token, old } = await bench();
  profile.later(400 * DAY_S * 1000);
  await trust.verify(token);
  profile.later(-397 * DAY_S * 1000);
  assert.equal((await trust.verify(token)).code, "CLOCK_ROLLBACK");
  await trust.acceptsFresh(token);
  assert.equal((await trust.verify(token)).code, "CLOCK_ROLLBACK");
  const fresh = lease("a", old, { licenseId: "L", jkt: "A".repeat(43), nowS: scene.nowS });
  assert.equal((await trust.acceptsFresh(fresh)).code, "VALID");
  assert.equal((await trust.verify(fresh)).code, "VALID");
});

test("three key generations: the license goes on through rotation and withdrawal", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  for (const [seq, kid] of [[2, "b"], [3, "c"]] as const) {
    const before = stage.server.signing;
    stage.server.signing = { kid, signer: newSigner() };
    const { nowS } = stage.server;
    stage.server.set = await keySet(stage.server.roots[0], seq, nowS,
      [entry(before.kid, before.signer, nowS, "withdrawn"), entry(kid, stage.server.signing.signer, nowS)]);
    assert.equal(await wechat.isActive(), true, "nobody told this browser yet");
    assert.equal((await wechat.refresh()).status, "active");
  }
  assert.equal(stage.kept<{ seq: number }>("keys")?.seq, 3);
});

test("a set that no pinned root signed changes nothing", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  const { nowS } = stage.server;
  const stranger = newSigner();
  stage.server.signing = { kid: "x", signer: newSigner() };
  stage.server.set = await keySet(stranger, 9, nowS, [entry("x", stage.server.signing.signer, nowS)]);
  const errors: string[] = [];
  wechat.on("error", (error) => errors.push(error.code));
  assert.equal((await wechat.refresh()).status, "active");
  assert.deepEqual(errors, ["license_invalid"]);
});

test("in a copied profile the license stays another device's, whatever the server knows: restored, it is this one's", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  stage.profile.keyPair = null;
  const copied = stage.open().wechat;
  const state = await copied.getLicense();
  assert.ok(state.status === "invalid" && state.error.code === "device_mismatch");
  const asked = await copied.refresh();
  assert.ok(asked.status === "invalid" && asked.error.code === "device_mismatch");
  assert.ok(stage.server.asked.some((line) => line.endsWith("/lease")), "the server was asked");
  assert.equal(await wechat.isActive(), true, "nothing was written for the device that it is of");
  const [order] = stage.server.orders.values();
  await copied.restore({ orderNumber: `no-${order?.id}` });
  assert.equal((await copied.getLicense()).status, "active");
});

test("a device that was taken off its license says so", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  const [order] = stage.server.orders.values();
  if (order !== undefined) order.claimedBy = "another";
  assert.equal((await wechat.refresh()).status, "removed");
});

test("what cannot be a license in storage is a state, never a throw", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  const kept = stage.kept("license") ?? {};
  for (const changed of [{ ...kept, token: 5 }, { ...kept, token: "a.b.c" }, { ...kept, token: undefined }]) {
    stage.keep("license", changed);
    const state = await wechat.getLicense();
    assert.ok(state.status === "invalid" && state.error.code === "license_invalid", JSON.stringify(state));
  }
  stage.keep("license", { v: 99 });
  assert.equal((await wechat.getLicense()).status, "none");
});

test("a browser that refuses the device key makes an invalid state that says so", async () => {
  const stage = new Stage();
  await stage.bought();
  stage.profile.keyPair = Promise.reject(new Error("IndexedDB is off"));
  stage.profile.keyPair.catch(() => undefined);
  const state = await stage.open().wechat.getLicense();
  assert.ok(state.status === "invalid" && state.error.code === "unsupported");
});

test("offline and refused answers leave the license as it is", async () => {
  const stage = new Stage();
  const { wechat } = await stage.bought();
  for (const trouble of [offline, async () => refusal(503, "TEMPORARILY_UNAVAILABLE"), async () => new Response("<html>", { status: 502 }),
    async () => new Response("<html>login</html>")]) {
    stage.server.fail(/lease$/, trouble);
    assert.equal((await wechat.refresh()).status, "active");
  }
});
