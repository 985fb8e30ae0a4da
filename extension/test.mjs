// Runs the unit tests of the SDK and of the sample with Node's runner: bundled to a temporary folder, as Node 20 reads no TypeScript.
//   node extension/test.mjs [--built FILE] [NAME …]
//     --built   the SDK as extension/build.mjs made it stands in for its sources
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { leanQr } from "./lean.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const FOLDERS = ["sdk/test", "sample/dev/test"].map((name) => join(ROOT, "extension", name));
/** The QR encoder is tested as it is shipped. */
const SHIPPED = { name: "shipped-encoder", setup: (pack) => pack.onResolve({ filter: /^lean-qr\/nano$/ }, () =>
  ({ path: join(ROOT, "node_modules", "lean-qr", "nano.mjs") })) };
const { values: { built }, positionals: wanted } = parseArgs({ options: { built: { type: "string" } }, allowPositionals: true });
const BUILT = { name: "built-sdk", setup: (pack) => {
  if (built !== undefined) pack.onResolve({ filter: /^\.\.\/src\/(wechat_integration|errors)$/ }, () => ({ path: resolve(built) }));
} };
const out = mkdtempSync(join(tmpdir(), "tongbao-sdk-"));
try {
  symlinkSync(join(ROOT, "node_modules"), join(out, "node_modules"));
  const entryPoints = FOLDERS.flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith(".test.ts")
    && (wanted.length === 0 || wanted.some((word) => name.startsWith(word)))).map((name) => join(folder, name)));
  await build({ entryPoints, bundle: true, platform: "node", format: "esm", packages: "external",
    plugins: [SHIPPED, leanQr, BUILT], outdir: out, outbase: join(ROOT, "extension"), outExtension: { ".js": ".mjs" }, sourcemap: "inline", target: "node20", logLevel: "warning" });
  const files = FOLDERS.map((folder) => join(out, relative(join(ROOT, "extension"), folder))).filter(existsSync)
    .flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith(".mjs")).map((name) => join(folder, name)));
  const { status } = spawnSync(process.execPath, ["--test", "--enable-source-maps", ...files],
    { stdio: "inherit", env: { ...process.env, TONGBAO_ROOT: ROOT } });
  process.exitCode = status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
