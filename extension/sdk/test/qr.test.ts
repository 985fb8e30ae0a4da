import assert from "node:assert/strict";
import { test } from "node:test";
import decodeQR from "qr/decode.js";
import { qrElement, qrPath } from "../src/qr";

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

/** As much of an element as the code needs. */
function fakeElement(name: string): object {
  const [attributes, children, style] = [{}, [], {}] as [Record<string, string>, object[], Record<string, string>];
  return { name, attributes, children, kept: style,
    setAttribute: (key: string, value: string) => { attributes[key] = value; }, append: (...all: object[]) => { children.push(...all); },
    style: { setProperty: (key: string, value: string) => { style[key] = value; } } };
}

test("as an element it is black on its own white ground, named, and left alone by forced colors", () => {
  const document = { createElementNS: (_: string, name: string) => fakeElement(name) } as unknown as Document;
  const { path, width } = qrPath("weixin://x");
  const made = JSON.parse(JSON.stringify(qrElement("weixin://x", { label: "Pay", size: 200, document }))) as object;
  const part = (attributes: object): object => ({ name: "path", attributes, children: [], kept: {}, style: {} });
  assert.deepEqual(made, { name: "svg", style: {}, kept: { "forced-color-adjust": "none" },
    attributes: { viewBox: `0 0 ${width} ${width}`, role: "img", "aria-label": "Pay", "shape-rendering": "crispEdges", width: "200", height: "200" },
    children: [part({ d: `M0 0h${width}v${width}H0z`, fill: "#fff" }), part({ d: path })] });
});
