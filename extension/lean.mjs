// Plugins for esbuild: the verifier and the QR encoder without what no extension calls.
import { readFileSync } from "node:fs";

/** Of lean-qr's codes the drawing on a canvas: a bundler keeps every method. */
const CANVAS = /,u\([^]*?putImageData\(e,0,0\)\}(?=\})/g;

function withoutCanvas(source) {
  if (source.match(CANVAS)?.length !== 1) throw new Error("lean-qr is not as it was");
  return source.replace(CANVAS, "");
}

/** Proofs of other devices are for servers. */
function withoutServers(source) {
  return source.replaceAll(/ *\/\/ #region for servers[^]*?\/\/ #endregion\n/g, "");
}

const read = (path) => readFileSync(path, "utf8");

export const leanQr = {
  name: "lean-qr",
  setup(pack) {
    pack.onLoad({ filter: /lean-qr\/nano\.mjs$/ }, ({ path }) => ({ contents: withoutCanvas(read(path)) }));
  },
};

export const leanVerifier = {
  name: "lean-verifier",
  setup(pack) {
    pack.onLoad({ filter: /tongbao_verifier\.ts$/ }, ({ path }) => ({ loader: "ts", contents: withoutServers(read(path)) }));
  },
};
