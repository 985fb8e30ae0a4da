/** The fallback beside two others: OpenSSL, which asks the same of a signature, and `@noble/ed25519`, which shares nothing with it. */
import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { test } from "node:test";
import { Point, verifyAsync } from "@noble/ed25519";
import { littleEndian } from "../../verifier/tongbao_verifier";
import { verifyEd25519 } from "../src/ed25519";

type Bytes = Uint8Array<ArrayBuffer>;
interface Signed { readonly signature: Bytes; readonly message: Bytes; readonly x: Bytes }

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const PRIME = 2n ** 255n - 19n;
const SIGN_BIT = 2n ** 255n;
/** A point of order 8. */
const TORSION = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");

const hex = (source: string): Bytes => Uint8Array.from(Buffer.from(source, "hex"));
const random = (about: string): Bytes => Uint8Array.from(createHash("sha512").update(about).digest());
const bytesOf = (number: bigint): Bytes => hex(number.toString(16).padStart(64, "0")).reverse() as Bytes;
const joined = (...parts: readonly Uint8Array[]): Bytes => Uint8Array.from(Buffer.concat(parts));

function signedBy(about: string, message: Bytes): Signed {
  const key = createPrivateKey({ key: Buffer.concat([hex("302e020100300506032b657004220420"), random(about).subarray(0, 32)]),
    format: "der", type: "pkcs8" });
  const x = Buffer.from(String(createPublicKey(key).export({ format: "jwk" }).x), "base64url");
  return { signature: Uint8Array.from(sign(null, message, key)), message, x: Uint8Array.from(x) };
}

function byOpenSsl({ signature, message, x }: Signed): boolean {
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(x).toString("base64url") }, format: "jwk" });
  return verify(null, message, key, signature);
}

const byNoble = ({ signature, message, x }: Signed): Promise<boolean> => verifyAsync(signature, message, x, { zip215: false });
const byFallback = ({ signature, message, x }: Signed): Promise<boolean> => verifyEd25519(signature, message, x);

function flipped(bytes: Bytes, bit: number): Bytes {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** RFC 8032, 7.1: TEST 1, 2 and 3. */
const PUBLISHED: readonly Signed[] = [
  ["d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"],
  ["3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"],
  ["fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"],
].map(([x = "", message = "", signature = ""]) => ({ x: hex(x), message: hex(message), signature: hex(signature) }));

test("the signatures that the RFC prints are good", async () => {
  for (const it of PUBLISHED) assert.deepEqual([await byFallback(it), byOpenSsl(it), await byNoble(it)], [true, true, true]);
});

test("a hundred signatures are good, and none of them for another message", async () => {
  for (let at = 0; at < 100; at += 1) {
    const it = signedBy(`key ${at}`, random(`message ${at}`).slice(0, at % 65));
    assert.equal(await byFallback(it), true, String(at));
    assert.equal(await byFallback({ ...it, message: joined(it.message, hex("00")) }), false, String(at));
  }
});

test("a signature with any bit changed is refused, and so is a key", async () => {
  const good = signedBy("the key", random("the message"));
  const refused = async (it: Signed, what: string): Promise<void> => assert.equal(await byFallback(it), false, what);
  for (let bit = 0; bit < 512; bit += 1) await refused({ ...good, signature: flipped(good.signature, bit) }, `signature ${bit}`);
  for (let bit = 0; bit < 256; bit += 1) await refused({ ...good, x: flipped(good.x, bit) }, `key ${bit}`);
});

test("the same signature written with a larger number is refused", async () => {
  const good = signedBy("the key", random("the message"));
  const larger = littleEndian(good.signature.slice(32)) + ORDER;
  const it = { ...good, signature: joined(good.signature.slice(0, 32), bytesOf(larger)) };
  assert.deepEqual([await byFallback(it), byOpenSsl(it), await byNoble(it)], [false, false, false]);
});

test("a key is written in one way: below the prime, and zero without a sign", async () => {
  // 0·B = 1 − k·1: for the neutral point as key, this signature is good for every message.
  const neutral = { signature: joined(bytesOf(1n), bytesOf(0n)), message: hex("00"), x: bytesOf(1n) };
  assert.equal(await byFallback(neutral), true); // the verifier refuses such keys before it asks
  assert.equal(await byFallback({ ...neutral, x: bytesOf(PRIME + 1n) }), false);
  assert.equal(await byFallback({ ...neutral, x: bytesOf(1n + SIGN_BIT) }), false);
  assert.equal(await byFallback({ ...neutral, signature: joined(bytesOf(PRIME + 1n), bytesOf(0n)) }), false);
});

test("half of all ordinates are of no point, and no signature is good for them", async () => {
  let onCurve = 0;
  for (let y = 2n; y < 66n; y += 1n) {
    const it = { ...signedBy("the key", hex("00")), x: bytesOf(y) };
    assert.equal(await byFallback(it), false, String(y));
    try {
      Point.fromBytes(it.x);
      onCurve += 1;
      const r = bytesOf(1n);
      // s = 0 and R = −k·A is what a forger would want; R = 1 is right for no other A.
      assert.equal(await byFallback({ ...it, signature: joined(r, bytesOf(0n)) }), false, String(y));
    } catch {
      continue;
    }
  }
  assert.ok(onCurve > 16 && onCurve < 48, String(onCurve));
});

test("bytes of another length are no signature and no key", async () => {
  const good = signedBy("the key", random("the message"));
  const zero = hex("00");
  for (const it of [{ ...good, signature: good.signature.slice(0, 63) }, { ...good, signature: joined(good.signature, zero) },
    { ...good, x: good.x.slice(0, 31) }, { ...good, x: joined(good.x, zero) }, { ...good, signature: zero.slice(1) }]) {
    assert.equal(await byFallback(it), false);
  }
});

/** By who knows the secret of a key that is mixed with a point of small order: such a signature is good for some verifiers only. */
async function mixed(about: string): Promise<Signed> {
  const [secret, once] = ["secret", "once"].map((it) => littleEndian(random(`${it} ${about}`)) % ORDER) as [bigint, bigint];
  const x = Uint8Array.from(Point.BASE.multiply(secret).add(TORSION).toBytes());
  const r = Uint8Array.from(Point.BASE.multiply(once).toBytes());
  const message = hex("00");
  const k = littleEndian(random64(r, x, message)) % ORDER;
  return { x, message, signature: joined(r, bytesOf((once + k * secret) % ORDER)) };
}

function random64(...parts: readonly Uint8Array[]): Uint8Array {
  return createHash("sha512").update(joined(...parts)).digest();
}

test("of signatures that verifiers disagree about, it says what OpenSSL says, as browsers do", async () => {
  const said = new Map<string, number>();
  for (let at = 0; at < 64; at += 1) {
    const it = await mixed(String(at));
    const answer = await byFallback(it);
    assert.equal(answer, byOpenSsl(it), String(at));
    const both = `${answer} here, ${await byNoble(it)} by noble`;
    said.set(both, (said.get(both) ?? 0) + 1);
  }
  assert.deepEqual([...said.keys()].sort(), ["false here, true by noble", "true here, true by noble"]);
});
