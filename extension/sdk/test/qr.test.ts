import assert from "node:assert/strict";
import { test } from "node:test";
import decodeQR from "qr/decode.js";
import { qrPath } from "../src/qr";

const SCALE = 3;

/** Paints a path as a screen would, and has it read by a decoder that shares nothing with the encoder. */
function readBack(value: string): string {
  const { path, width } = qrPath(value);
  const size = width * SCALE;
  const data = new Uint8ClampedArray(size * size * 4).fill(255);
  for (const [, x = "", y = "", run = ""] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    assert.ok(Number(x) >= 4 && Number(y) >= 4 && Number(x) + Number(run) <= width - 4 && Number(y) < width - 4, "quiet zone");
    for (let row = Number(y) * SCALE; row < (Number(y) + 1) * SCALE; row += 1) {
      for (let column = Number(x) * SCALE; column < (Number(x) + Number(run)) * SCALE; column += 1) {
        data.fill(0, 4 * (row * size + column), 4 * (row * size + column) + 3);
      }
    }
  }
  return decodeQR({ width: size, height: size, data });
}

test("a payment text of WeChat Pay is read back", () => {
  const value = "weixin://wxpay/bizpayurl?pr=NwY5Mz9zz00";
  assert.equal(readBack(value), value);
});

test("texts of every length from 1 to 213 bytes are read back", () => {
  for (let length = 1; length <= 213; length += 1) {
    const value = Array.from({ length }, (_, at) => String.fromCharCode(97 + (at * 7 + length) % 26)).join("");
    assert.equal(readBack(value), value);
  }
});

test("what does not fit is refused, not cut", () => {
  assert.throws(() => qrPath("a".repeat(3_000)), { code: 4 });
});
