// Bundles the SDK, and what extension/sample has, for Chromium and for Firefox.
//   node extension/build.mjs [--out FOLDER] [--types] [--shop FILE]
//     --types   declarations too, for sellers in TypeScript
//     --shop    stands in for sample/src/shop.json: which shop the sample buys from
// Sizes are printed; the build fails when the SDK with its QR encoder and the fallback verifier
// is above its budget.
import { build } from "esbuild";
import { minify } from "terser";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { leanQr, leanVerifier } from "./lean.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const BUDGET_BYTES = 15_000;
const COMMON = { bundle: true, format: "esm", target: ["chrome120", "firefox140"], minify: true,
  legalComments: "none", logLevel: "warning" };
const LEAN = [leanVerifier, leanQr];
/** Terser goes once more over what esbuild bundled. */
const SMALLER = { module: true, ecma: 2022, compress: { passes: 3 } };

/** What of the sample is compiled; all else in it is copied, but for sources and manifests. */
const SAMPLE_ENTRIES = ["background.ts", "popup.ts", "pay.ts"];
const SAMPLE_SOURCES = /^(src|dev)$|^\.|^tsconfig.*\.json$|^manifest.*\.json$|^README/;
/** What sellers import, and where it is written. */
const SDK = { tongbao: "index", extpay: "extpay" };
/** Packages that end up in every bundle: their licenses ask to be told of. */
const BUNDLED = ["lean-qr"];
const NOTICES = "THIRD-PARTY.txt";
const BROWSERS = ["chromium", "firefox"];

function option(name) {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

const OUT = option("--out") ?? join(HERE, "..", "build", "extension");
const SHOP = option("--shop");

const ANOTHER_SHOP = {
  name: "another-shop",
  setup(pack) {
    if (SHOP !== undefined) pack.onResolve({ filter: /\/shop\.json$/ }, () => ({ path: resolve(SHOP) }));
  },
};

/** Whoever buys from such a build would pay, and never unlock: better not to build it. */
function checkShop() {
  if (SHOP === undefined) return;
  const { environment, roots, product, issuer } = JSON.parse(readFileSync(SHOP, "utf8"));
  const wrong = [
    ["live", "test"].includes(environment) || '"environment" is neither "live" nor "test"',
    roots?.length === 1 || roots?.length === 2 || '"roots" are not one or two keys (scripts/keys root prints each one\'s x)',
    Boolean(product && issuer) || '"product" or "issuer" is missing'].filter((it) => it !== true);
  if (wrong.length === 0) return;
  console.error(`${SHOP}: ${wrong.join("; ")}`);
  process.exit(1);
}

function writeNotices(out) {
  const read = (name) => readFileSync(join(HERE, "..", "node_modules", name, "LICENSE"), "utf8");
  writeFileSync(join(out, NOTICES), BUNDLED.map((name) => `${name}\n\n${read(name)}`).join("\n\n"));
}

async function buildSdk() {
  const out = join(OUT, "sdk");
  rmSync(out, { recursive: true, force: true });
  const { outputFiles } = await build({ ...COMMON, plugins: LEAN, write: false, outdir: out,
    entryPoints: Object.fromEntries(Object.entries(SDK).map(([name, source]) => [name, join(HERE, "sdk", "src", `${source}.ts`)])) });
  mkdirSync(out, { recursive: true });
  for (const { path, text } of outputFiles) writeFileSync(path, (await minify(text, SMALLER)).code);
  writeNotices(out);
  const bytes = readFileSync(join(out, "tongbao.js"));
  const zipped = gzipSync(bytes, { level: 9 }).length;
  console.log(`sdk: ${bytes.length} B, ${zipped} B gzipped of ${BUDGET_BYTES}`);
  return zipped <= BUDGET_BYTES;
}

/** `manifest.json` for both, with what `manifest.<browser>.json` says over it. */
function manifestOf(sample, browser) {
  const read = (name) => (existsSync(join(sample, name)) ? JSON.parse(readFileSync(join(sample, name), "utf8")) : {});
  return { ...read("manifest.json"), ...read(`manifest.${browser}.json`) };
}

async function buildSample(browser) {
  const sample = join(HERE, "sample");
  const out = join(OUT, browser);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const name of readdirSync(sample)) {
    if (!SAMPLE_SOURCES.test(name)) {
      cpSync(join(sample, name), join(out, name), { recursive: true });
    }
  }
  writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifestOf(sample, browser), null, 2)}\n`);
  writeNotices(out);
  const entryPoints = SAMPLE_ENTRIES.map((name) => join(sample, "src", name));
  const { metafile } = await build({ ...COMMON, plugins: [...LEAN, ANOTHER_SHOP], entryPoints, outdir: out, metafile: true });
  for (const [name, { bytes }] of Object.entries(metafile.outputs)) console.log(`${browser}: ${name.split("/").pop()} ${bytes} B`);
}

function buildTypes() {
  const compiler = join(HERE, "..", "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(process.execPath, [compiler, "-p", join(HERE, "tsconfig.json"), "--noEmit", "false", "--declaration",
    "--emitDeclarationOnly", "--outDir", join(OUT, "sdk", "types")], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  // Beside each script, where compilers look for them.
  for (const [name, source] of Object.entries(SDK)) writeFileSync(join(OUT, "sdk", `${name}.d.ts`), `export * from "./types/sdk/src/${source}";\n`);
}

checkShop();
const fits = await buildSdk();
if (process.argv.includes("--types")) buildTypes();
if (existsSync(join(HERE, "sample", "manifest.json"))) for (const browser of BROWSERS) await buildSample(browser);
if (!fits) {
  console.error(`The SDK is above its budget of ${BUDGET_BYTES} bytes gzipped.`);
  process.exit(1);
}
