// The same API as api.py, for Node 20 or later: `node api.mjs config.json`.
// tongbao_verifier.js lies beside it: `npx tsc -p .. --outDir .` makes it of the TypeScript.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { Nonces, Verifier } from "./tongbao_verifier.js";

const BODY_LIMIT = 65_536;
const DAY_MS = 86_400_000;
const config = JSON.parse(readFileSync(process.argv[2], "utf8"));
const now = () => Math.floor(Date.now() / 1000);
const seen = existsSync(config.seen_seq_file) ? Number(readFileSync(config.seen_seq_file, "utf8")) : 0;
const { roots, issuer, environment, product } = config;
const minSeq = Math.max(seen, config.min_seq);
const verifier = new Verifier({ roots, issuer, environment, product, minSeq });
// With more than one server: one secret for all, from your store of secrets.
const nonces = new Nonces(randomBytes(32));

async function refresh() {
  if (!/^(https:\/\/|http:\/\/127\.0\.0\.1:)/.test(config.keys_url)) return "keys_url: https, please";
  try {
    const { set } = await (await fetch(config.keys_url, { signal: AbortSignal.timeout(10_000) })).json();
    const code = await verifier.loadKeys(set, now());
    if (code === "VALID") writeFileSync(config.seen_seq_file, String(verifier.seq));
    return code;
  } catch (error) {
    return `not fetched: ${error.name}`; // the set before it stays
  }
}

async function reply(response, status, value, kind = "application/json") {
  const raw = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
  if (status === 401) response.setHeader("WWW-Authenticate", 'DPoP error="use_dpop_nonce"');
  response.writeHead(status, {
    "DPoP-Nonce": await nonces.current(now()), "Cache-Control": "private, no-store",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, DPoP, Content-Type",
    "Access-Control-Expose-Headers": "DPoP-Nonce", "Content-Type": kind, "Content-Length": raw.length,
  });
  response.end(raw);
}

/** Whether this request may pass; if not, it has been answered. */
async function allowed(request, response, entitlement, body) {
  const [scheme, lease] = (request.headers.authorization ?? "").split(" ", 2);
  const proofs = request.headersDistinct.dpop ?? [];
  const nowS = now();
  const answer = await verifier.verifyRequest(
    scheme === "DPoP" ? (lease ?? "") : "", proofs.length === 1 ? proofs[0] : "",
    { method: request.method, url: config.public_url + request.url, body,
      nonce: await nonces.accepted(nowS), nowS });
  if (!answer.ok) await reply(response, 401, { code: answer.code });
  else if (!answer.claims.ent.includes(entitlement)) await reply(response, 403, { code: "NOT_ENTITLED" });
  else return true;
  return false;
}

function tooLarge(response) {
  response.setHeader("Connection", "close");
  return reply(response, 413, { code: "BODY_TOO_LARGE" });
}

async function handle(request, response) {
  const route = `${request.method} ${request.url.split("?", 1)[0]}`;
  if (request.method === "OPTIONS") return reply(response, 200, Buffer.alloc(0));
  const parts = [];
  let length = 0;
  if (Number(request.headers["content-length"] ?? 0) > BODY_LIMIT) return tooLarge(response);
  for await (const part of request) {
    length += part.length;
    if (length > BODY_LIMIT) return tooLarge(response);
    parts.push(part);
  }
  const body = Buffer.concat(parts);
  if (route === "POST /v1/summary") {
    if (await allowed(request, response, "pro", body)) {
      await reply(response, 200, { summary: `${length} bytes, shortened by a costly model` });
    }
  } else if (route === "GET /videos/lesson.mp4") {
    if (await allowed(request, response, "course:101", body)) {
      await reply(response, 200, readFileSync(config.video), "video/mp4");
    }
  } else await reply(response, 404, { code: "NOT_FOUND" });
}

const code = await refresh();
if (code !== "VALID") {
  console.error(`The key set was not taken: ${code}`);
  process.exit(1);
}
setInterval(refresh, DAY_MS).unref();
const server = createServer((request, response) => {
  handle(request, response).catch(() => response.destroy());
});
server.listen(config.port, config.host, () => {
  console.log(`listening on port ${server.address().port}`);
});
