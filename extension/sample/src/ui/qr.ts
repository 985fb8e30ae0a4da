/**
 * A payment code as one SVG path. The quiet zone of four modules is a part of the picture, and
 * the tile is white in every theme: scanners need both, and many read no inverted code.
 */

import { qrPath } from "../../../sdk/src/index";
import { h, type VNode } from "./vnode";

export function qrCode(text: string, label: string): VNode {
  const { path, width } = qrPath(text);
  return h("svg.qr", { viewBox: `0 0 ${width} ${width}`, role: "img", "aria-label": label,
    "shape-rendering": "crispEdges" },
    h("rect", { width, height: width, fill: "#fff" }),
    h("path", { d: path, fill: "#000" }));
}
