// Builds the gallery into .dev/. The package never contains any of it.

import { cp, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const sample = fileURLToPath(new URL("../", import.meta.url));
const out = `${sample}.dev/`;

await mkdir(out, { recursive: true });
for (const folder of ["styles", "icons"]) await cp(sample + folder, out + folder, { recursive: true });
for (const page of ["dev.html", "gallery.html"]) await cp(`${sample}dev/${page}`, out + page);
await build({ entryPoints: [`${sample}dev/dev.ts`, `${sample}dev/gallery.ts`], outdir: out,
  bundle: true, format: "esm", target: "es2022", logLevel: "warning" });
console.log(`${out}gallery.html (serve the folder: modules do not load from file://)`);
