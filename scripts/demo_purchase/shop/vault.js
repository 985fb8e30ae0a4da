// What this browser remembers of a purchase, and the secrets it makes.
// The claim secret never leaves before payment: the order carries only its SHA-256.

const PLACE = "tongbao.purchase";
const SHELF = "tongbao.earlier";
const MOST_SHELVED = 20;
const SEQ_PLACE = "tongbao.keys.seq";
const LANGUAGE_PLACE = "tongbao.language";

/** 256 random bits in base64url: 43 characters. */
export function newSecret() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** base64url(SHA-256(secret)): the shape of RFC 7636 S256. */
export async function hashOf(secret) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return base64url(new Uint8Array(digest));
}

/** The purchase kept here, or null. */
export function loadPurchase() {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE));
    const whole = found?.version === 1 && typeof found.idempotencyKey === "string"
      && typeof found.claimSecret === "string" && typeof found.productId === "string";
    return whole ? found : null;
  } catch {
    return null;
  }
}

/** Keep a purchase. False when this browser keeps nothing (the purchase then lives in the page). */
export function savePurchase(purchase) {
  try {
    localStorage.setItem(PLACE, JSON.stringify({ version: 1, ...purchase }));
    return true;
  } catch {
    return false;
  }
}

/** Put a purchase aside: its secret may still be needed, for its license or a late payment. */
export function shelvePurchase(purchase) {
  try {
    const others = earlierPurchases().filter(
      (known) => known.idempotencyKey !== purchase.idempotencyKey);
    const kept = purchase.order === undefined ? others : [purchase, ...others];
    localStorage.setItem(SHELF, JSON.stringify(kept.slice(0, MOST_SHELVED)));
    localStorage.removeItem(PLACE);
  } catch {
    // A browser that keeps nothing has nothing to put aside.
  }
}

/** The purchases put aside, newest first. */
export function earlierPurchases() {
  try {
    const found = JSON.parse(localStorage.getItem(SHELF));
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

/** Call back when another tab changed the purchase. */
export function onForeignChange(callback) {
  addEventListener("storage", (event) => {
    if (event.key === PLACE || event.key === null) callback();
  });
}

/** The highest `seq` of a set of keys that was taken here: no older one is ever taken again. */
export function highestSeq() {
  try {
    return Number(localStorage.getItem(SEQ_PLACE) ?? 1);
  } catch {
    return 1;
  }
}

/** Remember the `seq` of a set that was verified. */
export function rememberSeq(seq) {
  try {
    localStorage.setItem(SEQ_PLACE, String(Math.max(seq, highestSeq())));
  } catch {
    // The memory then lasts as long as the page.
  }
}

/** The language chosen here before, else what the browser prefers. */
export function loadLanguage() {
  let chosen = null;
  try {
    chosen = localStorage.getItem(LANGUAGE_PLACE);
  } catch {
    // Fall through to the browser's own preference.
  }
  if (chosen === "zh" || chosen === "en") return chosen;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** Remember the language. */
export function saveLanguage(language) {
  try {
    localStorage.setItem(LANGUAGE_PLACE, language);
  } catch {
    // The choice then lasts as long as the page.
  }
}

/** Without padding (RFC 7515). */
export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
