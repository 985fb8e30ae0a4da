// This browser as a device: a P-256 key that cannot be exported, and proofs by it (RFC 9449).

import { base64url } from "./vault.js";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const DATABASE = "tongbao";
const STORE = "device";
const NAME = "key";

/** The latest nonce that the shop gave out; null before the first. */
let nonce = null;
let made = null;

/** Remember the nonce of an answer for the next proof. */
export function heard(response) {
  nonce = response.headers.get("DPoP-Nonce") ?? nonce;
}

/** RFC 7638: what a lease for this browser is bound to. */
export async function thumbprint() {
  const { crv, kty, x, y } = await publicJwk();
  return digest(JSON.stringify({ crv, kty, x, y }));
}

/** That this browser sends this very request; `secret` is the one in Authorization, if any. */
export async function proof({ method, url, body, secret }) {
  const { crv, kty, x, y } = await publicJwk();
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: { crv, kty, x, y } };
  const claims = { htm: method, htu: url, iat: Math.floor(Date.now() / 1000),
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))) };
  if (nonce !== null) claims.nonce = nonce;
  if (body !== undefined) claims.bth = await digest(body);
  if (secret !== undefined) claims.ath = await digest(secret);
  const signed = [header, claims].map((part) => base64url(bytes(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign(
    { name: ALGORITHM.name, hash: "SHA-256" }, (await keys()).privateKey, bytes(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

async function publicJwk() {
  return crypto.subtle.exportKey("jwk", (await keys()).publicKey);
}

/** One pair for ever; where the browser keeps nothing, one for as long as the page is open. */
function keys() {
  made ??= kept().catch(make);
  return made;
}

async function kept() {
  const database = await settled(Object.assign(indexedDB.open(DATABASE, 1), {
    onupgradeneeded: ({ target }) => target.result.createObjectStore(STORE) }));
  const found = await settled(database.transaction(STORE).objectStore(STORE).get(NAME));
  if (found !== undefined) return found;
  const fresh = await make();
  // Two tabs that open at once: `add` fails for the second, which then takes what is there.
  const writing = database.transaction(STORE, "readwrite").objectStore(STORE);
  try {
    await settled(writing.add(fresh, NAME));
    return fresh;
  } catch {
    return settled(database.transaction(STORE).objectStore(STORE).get(NAME));
  }
}

function make() {
  return crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function digest(text) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes(text))));
}

function bytes(text) {
  return new TextEncoder().encode(text);
}
