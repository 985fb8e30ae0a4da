/** A payment code as an SVG element: black on its own white tile, with the quiet zone that readers need. */
import { correction, generate } from "lean-qr/nano";

const NAMESPACE = "http://www.w3.org/2000/svg";
const QUIET_MODULES = 4;

export interface QrOptions {
  /** What a screen reader says. */
  readonly label: string;
  /** Width and height in CSS pixels; left out: the style sheet decides. */
  readonly size?: number;
  readonly document?: Document;
}

/** Dark mode, forced colours and themes leave it as it is: an inverted code is not read by every phone. */
export function qrElement(value: string, { label, size, document = globalThis.document }: QrOptions): SVGSVGElement {
  const { path, width } = qrPath(value);
  const element = <K extends "svg" | "path">(name: K, attributes: object): SVGElementTagNameMap[K] => {
    const made = document.createElementNS(NAMESPACE, name);
    for (const [attribute, given] of Object.entries(attributes)) made.setAttribute(attribute, String(given));
    return made;
  };
  const svg = element("svg", { viewBox: `0 0 ${width} ${width}`, role: "img", "aria-label": label,
    "shape-rendering": "crispEdges", ...(size === undefined ? {} : { width: size, height: size }) });
  svg.style.setProperty("forced-color-adjust", "none");
  svg.append(element("path", { d: `M0 0h${width}v${width}H0z`, fill: "#fff" }), element("path", { d: path }));
  return svg;
}

/** The dark modules as one path, and the width of the whole in modules, quiet zone and all. */
export function qrPath(value: string): { readonly path: string; readonly width: number } {
  const code = generate(value, { minCorrectionLevel: correction.M });
  let path = "";
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      let run = 0;
      while (code.get(x + run, y)) run += 1;
      if (run > 0) path += `M${x + QUIET_MODULES} ${y + QUIET_MODULES}h${run}v1h-${run}z`;
      x += run;
    }
  }
  return { path, width: code.size + 2 * QUIET_MODULES };
}
