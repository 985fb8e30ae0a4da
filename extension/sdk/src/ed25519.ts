/** What verifies where the browser cannot (Chromium before 137): Ed25519 by RFC 8032, 5.1.7, and no
 *  more. All it reads is public, so nothing here has to take the same time for every number. */
import { PRIME, SIGN, littleEndian } from "../../verifier/tongbao_verifier";
import type { Ed25519Verify } from "../../verifier/tongbao_verifier";

/** Extended coordinates: x = X/Z, y = Y/Z, x·y = T/Z. */
type Point = readonly [x: bigint, y: bigint, z: bigint, t: bigint];

/** Of the base point: how many of its multiples differ. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

const D = field(-121665n * inverse(121666n));
const NEUTRAL: Point = [0n, 1n, 1n, 0n];

export const verifyEd25519: Ed25519Verify = async (signature, message, x) => {
  const r = signature.slice(0, 32);
  const s = littleEndian(signature.slice(32));
  const key = decompressed(littleEndian(x));
  if (signature.length !== 64 || x.length !== 32 || s >= ORDER || key === null) return false;
  const hash = await crypto.subtle.digest("SHA-512", new Uint8Array([...r, ...x, ...message]));
  const k = littleEndian(new Uint8Array(hash)) % ORDER;
  const base = decompressed(field(4n * inverse(5n))) as Point;
  return compressed(sum(times(s, base), times(k, opposite(key)))) === littleEndian(r);
};

function field(value: bigint): bigint {
  const rest = value % PRIME;
  return rest < 0n ? rest + PRIME : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, left = exponent; left > 0n; left >>= 1n, square = field(square * square)) {
    if (left & 1n) result = field(result * square);
  }
  return result;
}

function inverse(value: bigint): bigint {
  return power(value, PRIME - 2n);
}

/** RFC 8032, 5.1.4. */
function sum([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = (y1 - x1) * (y2 - x2);
  const b = (y1 + x1) * (y2 + x2);
  const c = 2n * D * t1 * t2;
  const d = 2n * z1 * z2;
  const [e, f, g, h] = [b - a, d - c, d + c, b + a].map(field) as [bigint, bigint, bigint, bigint];
  return [field(e * f), field(g * h), field(f * g), field(e * h)];
}

function opposite([x, y, z, t]: Point): Point {
  return [-x, y, z, -t];
}

function times(factor: bigint, point: Point): Point {
  let result = NEUTRAL;
  for (let double = point, left = factor; left > 0n; left >>= 1n, double = sum(double, double)) {
    if (left & 1n) result = sum(result, double);
  }
  return result;
}

/** RFC 8032, 5.1.2: y, with the lowest bit of x above it. */
function compressed([x, y, z]: Point): bigint {
  const scale = inverse(z);
  return field(y * scale) + (field(x * scale) & 1n) * SIGN;
}

/** RFC 8032, 5.1.3. Null: no point of the curve is written so. */
function decompressed(written: bigint): Point | null {
  const y = written % SIGN;
  const square = field((y * y - 1n) * inverse(field(D * y * y + 1n)));
  const root = power(square, (PRIME + 3n) / 8n);
  const x = [root, field(root * power(2n, (PRIME - 1n) / 4n))].find((one) => field(one * one) === square);
  if (x === undefined || y >= PRIME || (x === 0n && written >= SIGN)) return null;
  const even = x & 1n ? PRIME - x : x;
  const signed = written < SIGN ? even : field(-even);
  return [signed, y, 1n, field(signed * y)];
}
