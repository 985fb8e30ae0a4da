// An esbuild plugin: the verifier and its fallback as a browser needs them.
import { readFileSync } from "node:fs";

/** Of noble's Point what no verification calls: signing, other encodings, the checks of keys that one makes. A bundler keeps
 *  every method of a class that is used. */
const UNUSED = ["CURVE", "fromAffine", "fromHex", "x", "y", "assertValidity", "multiplyUnsafe", "toAffine", "toBytes", "toHex",
  "isTorsionFree"];

function withoutMethods(source) {
  return UNUSED.reduce((left, name) => {
    const method = new RegExp(`^ {4}(?:static |get )?${name}\\([^)]*\\) \\{\\n[^]*?^ {4}\\}\\n`, "gm");
    if (left.match(method)?.length !== 1) throw new Error(`@noble/ed25519 is not as it was: ${name}`);
    return left.replace(method, "");
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
    pack.onLoad({ filter: /@noble\/ed25519\/index\.js$/ }, ({ path }) => ({ contents: withoutMethods(read(path)) }));
  },
};

export const leanVerifier = {
  name: "lean-verifier",
  setup(pack) {
    pack.onLoad({ filter: /tongbao_verifier\.ts$/ }, ({ path }) => ({ loader: "ts", contents: withoutServers(read(path)) }));
  },
};
