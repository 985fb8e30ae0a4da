// An esbuild plugin: the verifier and its fallback as a browser needs them.
import { readFileSync } from "node:fs";

/** Of noble's Point what no verification calls: signing, other encodings, the checks of keys that one makes. A bundler keeps
 *  every method of a class that is used. */
const UNUSED = ["CURVE", "fromAffine", "fromHex", "x", "y", "assertValidity", "multiplyUnsafe", "toAffine", "toBytes", "toHex",
  "isTorsionFree"];

/** Tables of multiples, which noble's comments tell how to do without: to make them takes longer than the few signatures
 *  that a browser verifies. */
const TABLES = /^ *if \(this\.equals\(G\)\)\s*return wNAF\(n\)\.p;\n/gm;

function ofNoble(source) {
  const methods = UNUSED.map((name) => new RegExp(`^ {4}(?:static |get )?${name}\\([^)]*\\) \\{\\n[^]*?^ {4}\\}\\n`, "gm"));
  return [TABLES, ...methods].reduce((left, unused) => {
    if (left.match(unused)?.length !== 1) throw new Error(`@noble/ed25519 is not as it was: ${unused}`);
    return left.replace(unused, "");
  }, source);
}

/** Proofs of other devices are for servers. */
function withoutServers(source) {
  return source.replaceAll(/ *\/\/ #region for servers[^]*?\/\/ #endregion\n/g, "");
}

const read = (path) => readFileSync(path, "utf8");

export const leanNoble = {
  name: "lean-noble",
  setup(pack) {
    pack.onLoad({ filter: /@noble\/ed25519\/index\.js$/ }, ({ path }) => ({ contents: ofNoble(read(path)) }));
  },
};

export const leanVerifier = {
  name: "lean-verifier",
  setup(pack) {
    pack.onLoad({ filter: /tongbao_verifier\.ts$/ }, ({ path }) => ({ loader: "ts", contents: withoutServers(read(path)) }));
  },
};
