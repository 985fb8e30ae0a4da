// Verifies a lease offline with WebCrypto: a JWS (RFC 7515) signed with Ed25519 (RFC 8032).
// The keys are those this page was shipped with, never ones that came with an answer.

const TYPE = "tongbao-lease+jwt";
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
 * The header and claims of a genuine lease that is good now for `productId`; else LeaseError.
 * `keys` maps kid to the base64url of a public key.
 */
export async function verifyLease(token, { keys, productId, nowS }) {
  const parts = token.split(".");
  if (parts.length !== 3) throw new LeaseError("LEASE_MALFORMED");
  const header = readJson(parts[0]);
  if (header.alg !== ALGORITHM || header.typ !== TYPE) throw new LeaseError("LEASE_MALFORMED");
  if (!Object.hasOwn(keys, header.kid)) throw new LeaseError("LEASE_UNKNOWN_KEY");
  const signed = new TextEncoder().encode(`${parts[0]}.${parts[1]}`);
  if (!await isSigned(keys[header.kid], readBytes(parts[2]), signed)) {
    throw new LeaseError("LEASE_BAD_SIGNATURE");
  }
  const claims = readJson(parts[1]);
  if (claims.aud !== productId) throw new LeaseError("LEASE_OTHER_PRODUCT");
  if (!(claims.nbf <= nowS + CLOCK_LEEWAY_S)) throw new LeaseError("LEASE_NOT_YET");
  if (!(nowS < claims.exp)) throw new LeaseError("LEASE_EXPIRED");
  return { header, claims };
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
