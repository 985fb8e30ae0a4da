/**
 * Verifies Tongbao leases on a seller's own server, or in an extension. One file: copy it.
 *
 *   const verifier = new Verifier({ roots: [X1, X2], issuer, environment: "live", product, minSeq: 1 });
 *   await verifier.loadKeys(textOfTheSet, nowS);        // at the start, then daily
 *   const answer = await verifier.verifyRequest(lease, proof, { method, url, body, nonce, nowS });
 *   if (answer.ok) …                                    // else answer.code says why
 *
 * Nothing here reads a clock, a network or a file. Every answer is a code; the order of the checks
 * is in README.md beside this file and is part of the contract: tongbao_verifier.py keeps it too.
 * It stands on the platform's WebCrypto. Where that has no Ed25519 (Chromium before 137),
 * `@noble/ed25519` is imported, or what is given as `ed25519` takes its place.
 */

export type Code =
  | "VALID" | "VALID_GRACE" | "MALFORMED" | "WRONG_TYPE" | "UNKNOWN_KEY" | "KEY_WITHDRAWN"
  | "INVALID_SIGNATURE" | "ISSUER_MISMATCH" | "PRODUCT_MISMATCH" | "ENVIRONMENT_MISMATCH"
  | "NOT_YET_VALID" | "LEASE_EXPIRED" | "LICENSE_EXPIRED" | "DEVICE_MISMATCH"
  | "DEVICE_PROOF_INVALID" | "CLOCK_ROLLBACK" | "KEYS_INVALID" | "KEYS_EXPIRED" | "KEYS_ROLLED_BACK";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject { readonly [name: string]: Json }

export interface LeaseClaims extends JsonObject {
  readonly iss: string; readonly aud: string; readonly env: string;
  readonly sub: string; readonly jti: string; readonly ent: string[];
  /** Seconds: issued, good from, good until; grace after that; end of the license, or null. */
  readonly iat: number; readonly nbf: number; readonly exp: number; readonly grc: number;
  readonly lexp: number | null;
  readonly cnf: { readonly jkt: string };
}

export interface ProofClaims extends JsonObject {
  readonly htm: string; readonly htu: string; readonly jti: string; readonly iat: number;
}

/** What a verifier says: a code, and only where it is good what was proven. */
export interface Answer {
  readonly code: Code;
  readonly ok: boolean;
  readonly claims?: LeaseClaims;
  readonly proof?: ProofClaims;
}

/** A public key as JWK, as far as it is read here. */
export interface PublicJwk {
  readonly kty?: unknown; readonly crv?: unknown; readonly x?: unknown; readonly y?: unknown;
}

type Subtle = typeof globalThis.crypto.subtle;
type Bytes = ReturnType<typeof utf8>;

/** Whether a signature of 64 bytes is good. It is never asked about a key of small order. */
export type Ed25519Verify = (signature: Bytes, message: Bytes, publicKey: Bytes) => Promise<boolean>;

export interface Options {
  /** The pinned roots: each the `x` of an Ed25519 key, or its JWK. */
  readonly roots: readonly (string | PublicJwk)[];
  readonly issuer: string;
  readonly environment: string;
  readonly product: string;
  readonly minSeq?: number;
  /** Used instead of `@noble/ed25519` where the platform has no Ed25519. */
  readonly ed25519?: Ed25519Verify;
  readonly subtle?: Subtle;
}

export interface ProofExpectation {
  readonly method: string;
  /** The address as the client called it; its query does not count. */
  readonly url: string;
  /** What is accepted; null: not asked for. */
  readonly nonce?: string | readonly string[] | null;
  readonly body?: Uint8Array | null;
}

const LEASE_TYPE = "tongbao-lease+jwt";
const KEYS_TYPE = "tongbao-keys+jwt";
const PROOF_TYPE = "dpop+jwt";
const TOKEN_LIMIT = 8_192;
const KEYS_LIMIT = 65_536;
const DAY_S = 86_400;
const LIFETIME_LIMIT_S = 15 * DAY_S;
const GRACE_LIMIT_S = 14 * DAY_S;
const ROLLBACK_S = DAY_S;
const DEPTH_LIMIT = 8;

class Refused extends Error {
  constructor(readonly code: Code) {
    super(code);
  }
}

interface Key {
  readonly x: Bytes; readonly withdrawn: boolean; readonly fromS: number; readonly untilS: number | null;
}
interface KeySet { readonly seq: number; readonly expS: number; readonly keys: ReadonlyMap<string, Key> }
interface Jws {
  readonly header: JsonObject; readonly payload: Bytes; readonly signed: Bytes; readonly signature: Bytes;
}

/** What one product trusts. */
export class Verifier {
  readonly #options: Options;
  readonly #roots: readonly string[];
  readonly #subtle: Subtle;
  readonly #minSeq: number;
  #set: KeySet | null = null;
  #ed25519: Promise<Ed25519Verify> | null = null;

  constructor(options: Options) {
    this.#roots = options.roots.map((root) => String(typeof root === "string" ? root : root.x));
    if (this.#roots.length < 1 || this.#roots.length > 2 || new Set(this.#roots).size !== this.#roots.length) {
      throw new RangeError("roots: one or two different keys");
    }
    this.#roots.forEach((x) => { if (ed25519Key(x) === null) throw new RangeError("roots: not a key"); });
    this.#options = options;
    this.#subtle = options.subtle ?? globalThis.crypto.subtle;
    this.#minSeq = whole(options.minSeq ?? 0);
  }

  /** The lowest `seq` that is still taken; keep it and give it back as `minSeq`. */
  get seq(): number {
    return Math.max(this.#minSeq, this.#set?.seq ?? 0);
  }

  /** Take a signed key set: VALID, KEYS_INVALID, KEYS_ROLLED_BACK or KEYS_EXPIRED.
   *  What is refused changes nothing: the set before it stays. */
  async loadKeys(setJws: string, nowS: number): Promise<Code> {
    whole(nowS);
    let found: KeySet;
    try {
      found = await this.#readSet(setJws);
    } catch (error) {
      if (error instanceof Refused) return "KEYS_INVALID";
      throw error;
    }
    // From here on nothing waits: two loads at once cannot pass each other.
    if (found.seq < this.seq) return "KEYS_ROLLED_BACK";
    if (nowS >= found.expS) return "KEYS_EXPIRED";
    this.#set = found;
    return "VALID";
  }

  async #readSet(setJws: string): Promise<KeySet> {
    const jws = read(setJws, KEYS_LIMIT);
    const kid = signer(jws.header, KEYS_TYPE);
    const root = await this.#rootOf(kid);
    if (root === null || !(await this.#verifies(root, jws))) throw new Refused("KEYS_INVALID");
    const claims = object(jws.payload);
    version(claims);
    must(claims["iss"] === this.#options.issuer && claims["env"] === this.#options.environment);
    const seq = count(claims, "seq");
    const expS = count(claims, "exp");
    must(count(claims, "iat") < expS);
    const entries = claims["keys"];
    must(Array.isArray(entries) && entries.length > 0);
    const keys = new Map<string, Key>();
    const seen = new Set<unknown>();
    for (const one of entries as Json[]) {
      const entry = record(one);
      keys.set(text(entry, "kid"), keyOf(entry));
      seen.add(entry["x"]);
    }
    must(keys.size === (entries as Json[]).length && seen.size === keys.size);
    return { seq, expS, keys };
  }

  async #rootOf(kid: string): Promise<Bytes | null> {
    for (const x of this.#roots) {
      if ((await thumbprint({ kty: "OKP", crv: "Ed25519", x }, this.#subtle)) === kid) return ed25519Key(x);
    }
    return null;
  }

  /** Say whether a lease is good now, and for this device where one is named.
   *  `deviceJkt` is the thumbprint of the key that the caller has proven to hold: without it a
   *  copied lease is as good as the original. `latestSeenS` is the latest time ever seen. */
  async verifyLease(
    token: string, nowS: number, deviceJkt: string | null = null, latestSeenS: number | null = null,
  ): Promise<Answer> {
    whole(nowS);
    let claims: LeaseClaims;
    try {
      claims = await this.#readLease(token, nowS);
    } catch (error) {
      return refusal(error);
    }
    if (deviceJkt !== null && claims.cnf.jkt !== deviceJkt) return bad("DEVICE_MISMATCH");
    if (latestSeenS !== null && nowS < latestSeenS - ROLLBACK_S) return bad("CLOCK_ROLLBACK");
    const code = windowAt(claims, nowS);
    return code === "VALID" || code === "VALID_GRACE" ? { code, ok: true, claims } : bad(code);
  }

  async #readLease(token: string, nowS: number): Promise<LeaseClaims> {
    const jws = read(token, TOKEN_LIMIT);
    const kid = signer(jws.header, LEASE_TYPE);
    const set = this.#set;
    if (set !== null && nowS >= set.expS) throw new Refused("KEYS_EXPIRED");
    const key = set?.keys.get(kid);
    if (key === undefined) throw new Refused("UNKNOWN_KEY");
    if (key.withdrawn) throw new Refused("KEY_WITHDRAWN");
    if (!(await this.#verifies(key.x, jws))) throw new Refused("INVALID_SIGNATURE");
    const claims = leaseClaims(object(jws.payload));
    if (claims.iat < key.fromS || (key.untilS !== null && claims.iat >= key.untilS)) {
      throw new Refused("UNKNOWN_KEY");
    }
    if (claims.iss !== this.#options.issuer) throw new Refused("ISSUER_MISMATCH");
    if (claims.aud !== this.#options.product) throw new Refused("PRODUCT_MISMATCH");
    if (claims.env !== this.#options.environment) throw new Refused("ENVIRONMENT_MISMATCH");
    return claims;
  }

  // #region for servers: a device need not verify other devices' proofs
  /** Say whether the device with thumbprint `jkt` signed this very request.
   *  With `credential` the proof must carry its hash (`ath`). */
  async verifyDeviceProof(
    proof: string, expected: ProofExpectation & { readonly jkt: string; readonly credential?: string | null },
  ): Promise<Answer> {
    try {
      const [claims, found] = await this.#readProof(proof);
      await this.#mustFit(claims, expected);
      return found === expected.jkt ? { code: "VALID", ok: true, proof: claims } : bad("DEVICE_MISMATCH");
    } catch (error) {
      if (error instanceof Refused) return bad("DEVICE_PROOF_INVALID");
      throw error;
    }
  }

  /** Say whether a request with a lease and a device proof may pass: the lease first. */
  async verifyRequest(
    lease: string, proof: string, request: ProofExpectation & { readonly nowS: number },
  ): Promise<Answer> {
    const answer = await this.verifyLease(lease, request.nowS);
    if (answer.claims === undefined) return answer;
    const expected = { ...request, jkt: answer.claims.cnf.jkt, credential: lease };
    const proven = await this.verifyDeviceProof(proof, expected);
    return proven.proof === undefined ? proven : { ...answer, proof: proven.proof };
  }

  async #readProof(proof: string): Promise<[ProofClaims, string]> {
    const jws = read(proof, TOKEN_LIMIT);
    pinned(jws.header, PROOF_TYPE, "ES256", ["crit", "jku", "x5c", "x5u"]);
    const jwk = record(jws.header["jwk"]);
    must(!["d", "p", "q", "dp", "dq", "qi", "oth", "k"].some((name) => name in jwk));
    must(jwk["kty"] === "EC" && jwk["crv"] === "P-256" && jws.signature.length === 64);
    const point = concat(Uint8Array.of(4), bytesOf(jwk["x"], 32), bytesOf(jwk["y"], 32));
    must(await this.#verifiesP256(point, jws));
    const claims = object(jws.payload);
    for (const name of ["htm", "htu", "jti"]) text(claims, name);
    count(claims, "iat");
    return [claims as ProofClaims, await thumbprint(jwk, this.#subtle)];
  }

  async #mustFit(
    claims: JsonObject, expected: ProofExpectation & { readonly credential?: string | null },
  ): Promise<void> {
    must(claims["htm"] === expected.method && claims["htu"] === expected.url.split(/[?#]/, 1)[0]);
    const { nonce, credential, body } = expected;
    if (nonce !== undefined && nonce !== null) {
      const accepted: readonly Json[] = typeof nonce === "string" ? [nonce] : nonce;
      must(claims["nonce"] !== undefined && accepted.includes(claims["nonce"]));
    }
    if (credential !== undefined && credential !== null) {
      must(claims["ath"] === (await hash(utf8(credential), this.#subtle)));
    }
    const sent = concat(body ?? new Uint8Array(0));
    if (sent.length > 0 || claims["bth"] !== undefined) {
      must(claims["bth"] === (await hash(sent, this.#subtle)));
    }
  }

  async #verifiesP256(point: Bytes, jws: Jws): Promise<boolean> {
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    try {
      const key = await this.#subtle.importKey("raw", point, algorithm, false, ["verify"]);
      return await this.#subtle.verify(algorithm, key, jws.signature, jws.signed);
    } catch {
      return false; // a point off the curve
    }
  }
  // #endregion

  async #verifies(x: Bytes, jws: Jws): Promise<boolean> {
    if (jws.signature.length !== 64) return false;
    this.#ed25519 ??= chooseEd25519(this.#subtle, x, this.#options.ed25519);
    return (await this.#ed25519)(jws.signature, jws.signed, x);
  }
}

// #region for servers
/** Nonces that need no memory: a keyed hash of the current five minutes. */
export class Nonces {
  readonly #key: Bytes;
  readonly #windowS: number;
  readonly #subtle: Subtle;

  /** Take a secret of 32 bytes or more, the same on every server of one API. */
  constructor(secret: Uint8Array, windowS = 300, subtle: Subtle = globalThis.crypto.subtle) {
    if (secret.length < 32) throw new RangeError("secret: at least 32 bytes");
    this.#key = concat(secret);
    this.#windowS = windowS;
    this.#subtle = subtle;
  }

  /** What to send as `DPoP-Nonce`, at best with every answer. */
  async current(nowS: number): Promise<string> {
    return this.#of(Math.floor(nowS / this.#windowS));
  }

  /** What a proof may carry: this window's nonce, and the last one's. */
  async accepted(nowS: number): Promise<[string, string]> {
    const window = Math.floor(nowS / this.#windowS);
    return [await this.#of(window), await this.#of(window - 1)];
  }

  async #of(window: number): Promise<string> {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await this.#subtle.importKey("raw", this.#key, algorithm, false, ["sign"]);
    const signed = await this.#subtle.sign("HMAC", key, utf8(`tongbao-nonce:${window}`));
    return base64url(signed);
  }
}
// #endregion

/** The RFC 7638 thumbprint of an Ed25519 (RFC 8037) or P-256 public key; throws if it is neither. */
export async function thumbprint(jwk: PublicJwk, subtle: Subtle = globalThis.crypto.subtle): Promise<string> {
  const { kty, crv, x, y } = jwk;
  bytesOf(x, 32);
  if (kty === "OKP" && crv === "Ed25519") return hash(utf8(JSON.stringify({ crv, kty, x })), subtle);
  if (kty !== "EC" || crv !== "P-256") throw new RangeError("neither an Ed25519 nor a P-256 key");
  bytesOf(y, 32);
  return hash(utf8(JSON.stringify({ crv, kty, x, y })), subtle);
}

// ---- Ed25519: the platform's, or the fallback ------------------------------------------------

/** By the first key that is used, a root: whether the platform takes it. */
async function chooseEd25519(subtle: Subtle, known: Bytes, given: Ed25519Verify | undefined): Promise<Ed25519Verify> {
  const imported = (x: Bytes) => subtle.importKey("raw", x, "Ed25519", false, ["verify"]);
  try {
    await imported(known);
  } catch {
    if (given !== undefined) return given;
    // #region for servers: who bundles the fallback gives it
    const { verifyAsync } = await import("@noble/ed25519");
    return (signature, message, x) => verifyAsync(signature, message, x, { zip215: false });
    // #endregion
  }
  return async (signature, message, x) => {
    try {
      return await subtle.verify("Ed25519", await imported(x), signature, message);
    } catch {
      return false; // a key off the curve, where the platform minds
    }
  };
}

/** Above an ordinate, as keys are written: the lowest bit of the other one. */
export const SIGN = 2n ** 255n;
export const PRIME = SIGN - 19n;
/** Ordinates of points that verify what nobody signed (RFC 8032 §5.1, small subgroup). */
const EIGHTH = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const LOW_ORDER: readonly bigint[] = [0n, 1n, EIGHTH, PRIME - EIGHTH, PRIME - 1n];

function ed25519Key(x: unknown): Bytes | null {
  const raw = decoded(x);
  if (raw === null || raw.length !== 32) return null;
  const ordinate = littleEndian(raw) % SIGN;
  return ordinate >= PRIME || LOW_ORDER.includes(ordinate) ? null : raw;
}

// ---- tokens ----------------------------------------------------------------------------------

function read(token: unknown, limit: number): Jws {
  must(typeof token === "string" && token.length <= limit);
  const [header, payload, signature, ...rest] = token.split(".");
  must(header !== undefined && payload !== undefined && signature !== undefined && rest.length === 0);
  const signed = utf8(token.slice(0, token.lastIndexOf(".")));
  const parts = { payload: bytesOf(payload), signature: bytesOf(signature), signed };
  return { header: object(bytesOf(header)), ...parts };
}

function signer(header: JsonObject, typ: string): string {
  pinned(header, typ, "Ed25519", ["crit", "jwk", "jku", "x5c", "x5u"]);
  return text(header, "kid");
}

function pinned(header: JsonObject, typ: string, alg: string, banned: readonly string[]): void {
  if (header["typ"] !== typ || header["alg"] !== alg) throw new Refused("WRONG_TYPE");
  must(!banned.some((name) => name in header));
}

function keyOf(entry: JsonObject): Key {
  const { status, until } = entry;
  const fromS = count(entry, "from");
  must(status === "active" || status === "retired" || status === "withdrawn");
  const untilS = until === null ? null : count(entry, "until");
  must(untilS === null ? status !== "retired" : untilS >= fromS);
  const x = ed25519Key(entry["x"]);
  if (x === null) throw new Refused("KEYS_INVALID");
  return { x, withdrawn: status === "withdrawn", fromS, untilS };
}

function leaseClaims(claims: JsonObject): LeaseClaims {
  version(claims);
  for (const name of ["iss", "aud", "env", "sub", "jti"]) text(claims, name);
  const [iatS, nbfS, expS, graceS] = ["iat", "nbf", "exp", "grc"].map((name) => count(claims, name)) as
    [number, number, number, number];
  const { ent, lexp, cnf } = claims;
  must(Array.isArray(ent) && ent.every((one) => typeof one === "string"));
  if (lexp !== null) count(claims, "lexp");
  bytesOf(record(cnf)["jkt"], 32);
  must(expS > Math.max(iatS, nbfS) && expS - iatS <= LIFETIME_LIMIT_S && graceS <= GRACE_LIMIT_S);
  return claims as LeaseClaims;
}

function windowAt(claims: LeaseClaims, nowS: number): Code {
  if (nowS < claims.nbf) return "NOT_YET_VALID";
  if (claims.lexp !== null && nowS >= claims.lexp) return "LICENSE_EXPIRED";
  if (nowS < claims.exp) return "VALID";
  return nowS < claims.exp + claims.grc ? "VALID_GRACE" : "LEASE_EXPIRED";
}

// ---- JSON: no name twice, integers alone, nothing deep ---------------------------------------

const STRING = /"(?:[^"\\]|\\.)*"/g;

/** The object in these bytes, or MALFORMED. `JSON.parse` alone would keep the last of two equal names. */
function object(raw: Bytes): JsonObject {
  let source: string;
  let found: Json;
  try {
    source = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
    found = JSON.parse(source) as Json;
  } catch {
    throw new Refused("MALFORMED");
  }
  const bare = source.replaceAll(STRING, "");
  must(!/-0|[0-9][.eE]/.test(bare));
  must(bare.split(":").length - 1 === names(found, DEPTH_LIMIT));
  return record(found);
}

/** How many names there are in all of it; MALFORMED where it is too deep or a number is not exact. */
function names(value: Json, left: number): number {
  if (typeof value === "number") must(Number.isSafeInteger(value));
  if (typeof value !== "object" || value === null) return 0;
  must(left > 0);
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, one: Json) => sum + names(one, left - 1), own);
}

function record(value: Json | undefined): JsonObject {
  must(typeof value === "object" && value !== null && !Array.isArray(value));
  return value;
}

function text(source: JsonObject, name: string): string {
  const value = source[name];
  must(typeof value === "string" && value !== "");
  return value;
}

function count(source: JsonObject, name: string): number {
  const value = source[name];
  must(typeof value === "number" && value >= 0);
  return value;
}

function version(claims: JsonObject): void {
  must(claims["v"] === 1);
}

// ---- small things ----------------------------------------------------------------------------

function must(holds: boolean): asserts holds {
  if (!holds) throw new Refused("MALFORMED");
}

function bad(code: Code): Answer {
  return { code, ok: false };
}

function refusal(error: unknown): Answer {
  if (error instanceof Refused) return bad(error.code);
  throw error;
}

function whole(number: number): number {
  if (!Number.isSafeInteger(number)) throw new RangeError("times and seq are integers");
  return number;
}

// #region for servers
function concat(...parts: readonly Uint8Array[]): Bytes {
  const found = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    found.set(part, at);
    at += part.length;
  }
  return found;
}
// #endregion

export function utf8(source: string) {
  return Uint8Array.from(new TextEncoder().encode(source));
}

/** base64url(SHA-256(data)), as RFC 7636 §4.2, RFC 7638 §3 and RFC 9449 §4.2 write hashes. */
export async function hash(data: Bytes, subtle: Subtle = globalThis.crypto.subtle): Promise<string> {
  return base64url(await subtle.digest("SHA-256", data));
}

export function littleEndian(data: Uint8Array): bigint {
  return data.reduceRight((number, byte) => (number << 8n) + BigInt(byte), 0n);
}

/** Without padding (RFC 7515 §2). */
export function base64url(data: Uint8Array | ArrayBuffer): string {
  const plain = btoa(Array.from(new Uint8Array(data), (byte) => String.fromCharCode(byte)).join(""));
  return plain.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** What such a text says, if it is the canonical one; else null. */
function decoded(source: unknown): Bytes | null {
  if (typeof source !== "string" || !/^[A-Za-z0-9_-]*$/.test(source) || source.length % 4 === 1) return null;
  const plain = atob(source.replaceAll("-", "+").replaceAll("_", "/"));
  const found = Uint8Array.from(plain, (character) => character.charCodeAt(0));
  return base64url(found) === source ? found : null;
}

function bytesOf(source: unknown, length?: number): Bytes {
  const found = decoded(source);
  must(found !== null && (length === undefined || found.length === length));
  return found;
}
