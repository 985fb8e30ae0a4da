// Verifies leases offline with WebCrypto: JWS (RFC 7515) signed with Ed25519 (RFC 8032).
// What this page was shipped with are roots; a set of keys that one of them signed says the rest.

const LEASE_TYPE = "tongbao-lease+jwt";
const KEYS_TYPE = "tongbao-keys+jwt";
const ALGORITHM = "Ed25519";
const CLOCK_LEEWAY_S = 300;

export class LeaseError extends Error {
  constructor(code) {
    super(code);
    this.name = "LeaseError";
    this.code = code;
  }
}

/**
 * `{ seq, keys }` of a set that one of `roots` signed, keys by kid; else LeaseError. `roots` are
 * public keys in base64url; a set below `minSeq` is older than one that was seen here.
 */
export async function verifyKeys(token, { roots, minSeq, nowS }) {
  for (const root of roots) {
    const set = await readSigned(token, KEYS_TYPE, root).catch(onlyWrongSignature);
    if (set === null) continue;
    if (set.seq < minSeq) throw new LeaseError("KEYS_ROLLED_BACK");
    if (!(nowS < set.exp)) throw new LeaseError("KEYS_EXPIRED");
    return { seq: set.seq, keys: Object.fromEntries(set.keys.map((key) => [key.kid, key])) };
  }
  throw new LeaseError("KEYS_INVALID");
}

/** The header and claims of a lease for this product and device that is good now, else LeaseError. */
export async function verifyLease(token, { keys, productId, thumbprint, nowS }) {
  const header = readHeader(token, LEASE_TYPE);
  if (!Object.hasOwn(keys, header.kid)) throw new LeaseError("LEASE_UNKNOWN_KEY");
  const key = keys[header.kid];
  if (key.status === "withdrawn") throw new LeaseError("LEASE_UNKNOWN_KEY");
  const claims = await readSigned(token, LEASE_TYPE, key.x);
  if (claims.iat < key.from || (key.until !== null && claims.iat >= key.until)) {
    throw new LeaseError("LEASE_UNKNOWN_KEY");
  }
  if (claims.aud !== productId) throw new LeaseError("LEASE_OTHER_PRODUCT");
  if (claims.cnf?.jkt !== thumbprint) throw new LeaseError("LEASE_OTHER_DEVICE");
  if (!(claims.nbf <= nowS + CLOCK_LEEWAY_S)) throw new LeaseError("LEASE_NOT_YET");
  if (!(nowS < claims.exp + claims.grc)) throw new LeaseError("LEASE_EXPIRED");
  return { header, claims };
}

function readHeader(token, type) {
  const parts = token.split(".");
  if (parts.length !== 3) throw new LeaseError("LEASE_MALFORMED");
  const header = readJson(parts[0]);
  if (header.alg !== ALGORITHM || header.typ !== type) throw new LeaseError("LEASE_MALFORMED");
  return header;
}

async function readSigned(token, type, x) {
  readHeader(token, type);
  const parts = token.split(".");
  const signed = new TextEncoder().encode(`${parts[0]}.${parts[1]}`);
  if (!await isSigned(x, readBytes(parts[2]), signed)) throw new LeaseError("LEASE_BAD_SIGNATURE");
  return readJson(parts[1]);
}

function onlyWrongSignature(error) {
  if (error.code === "LEASE_BAD_SIGNATURE") return null;
  throw error;
}

async function isSigned(x, signature, signed) {
  if (globalThis.crypto?.subtle === undefined) throw new LeaseError("UNSUPPORTED_BROWSER");
  try {
    const key = await crypto.subtle.importKey(
      "jwk", { kty: "OKP", crv: ALGORITHM, x }, { name: ALGORITHM }, false, ["verify"]);
    return await crypto.subtle.verify({ name: ALGORITHM }, key, signature, signed);
  } catch {
    throw new LeaseError("UNSUPPORTED_BROWSER");
  }
}

function readBytes(part) {
  try {
    const text = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(text, (character) => character.charCodeAt(0));
  } catch {
    throw new LeaseError("LEASE_MALFORMED");
  }
}

function readJson(part) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(readBytes(part)));
  } catch {
    throw new LeaseError("LEASE_MALFORMED");
  }
}
