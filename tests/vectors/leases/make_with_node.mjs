// A second origin of lease vectors, with Node's own crypto: writes node.json and nonces.json.
// Ed25519 signatures come out the same each time; ES256 is random here, so those are recorded.
import { createHash, createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const sha256 = (text) => createHash("sha256").update(text).digest();
const b64 = (data) => Buffer.from(data).toString("base64url");
const encode = (value) => b64(typeof value === "string" ? value : JSON.stringify(value));

// Test keys: from a text that says so (PKCS#8 of RFC 8410 around the seed). They belong to nobody.
const ed25519 = (name) =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"),
                        sha256(`tongbao test vectors by Node, not a secret: ${name}`)]),
    format: "der", type: "pkcs8",
  });
const xOf = (key) => createPublicKey(key).export({ format: "jwk" }).x;
const publicJwk = (key) => {
  const { kty, crv, x, y } = createPublicKey(key).export({ format: "jwk" });
  return { kty, crv, x, y };
};
const thumbprint = ({ crv, kty, x, y }) =>
  b64(sha256(JSON.stringify(y === undefined ? { crv, kty, x } : { crv, kty, x, y })));

// P-256 (SEC 1 in PKCS#8) from a seed; OpenSSL works out the public half.
const p256 = (name) =>
  createPrivateKey({
    key: Buffer.concat([
      Buffer.from("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420", "hex"),
      sha256(`tongbao test vectors by Node, not a secret: ${name}`)]),
    format: "der", type: "pkcs8",
  });

const root = ed25519("root");
const signing = ed25519("test-node");
const device = p256("device");
const other = p256("another device");
const rootKid = thumbprint({ kty: "OKP", crv: "Ed25519", x: xOf(root) });
const jkt = thumbprint(publicJwk(device));

const jws = (header, payload, signer) => {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${b64(signer(Buffer.from(signed)))}`;
};
const byEd25519 = (key) => (message) => sign(null, message, key);
const byEs256 = (key, dsaEncoding = "ieee-p1363") => (message) =>
  sign("sha256", message, { key, dsaEncoding });

const day = 86_400;
const midnight = 1_799_971_200;
const now = midnight + 8 * 3_600;
const options = { roots: [xOf(root)], issuer: "tongbao:TB03", environment: "live",
                  product: "course-player", min_seq: 3 };
const keysHeader = { alg: "Ed25519", typ: "tongbao-keys+jwt", kid: rootKid };
const keys = { v: 1, iss: options.issuer, env: options.environment, seq: 3, iat: midnight,
               exp: midnight + 100 * day, keys: [{ kid: "test-node", x: xOf(signing),
               status: "active", from: midnight - day, until: null }] };
const leaseHeader = { alg: "Ed25519", typ: "tongbao-lease+jwt", kid: "test-node" };
const claims = { v: 1, iss: options.issuer, aud: options.product, env: options.environment,
                 sub: "许可-test", jti: "test-node-lease", ent: ["course:101"],
                 lexp: midnight + 3 * day, iat: midnight, nbf: midnight - 3_600,
                 exp: midnight + 2 * day, grc: day, cnf: { jkt } };
const lease = jws(leaseHeader, claims, byEd25519(signing));
const proofHeader = { alg: "ES256", typ: "dpop+jwt", jwk: publicJwk(device) };
const proofClaims = { jti: "test-node-proof", htm: "GET",
                      htu: "https://course.example.net/videos/1.mp4", iat: 1, nonce: "n-1",
                      ath: b64(sha256(lease)) };
const proof = jws(proofHeader, proofClaims, byEs256(device));

const cases = [];
const add = (name, expect, like, call, args, loaded = ["current"]) =>
  cases.push({ name: `node: ${name}`, like: like && `node: ${like}`, loaded, call, args, expect });
const good = "a good lease";
const leaseCase = (name, expect, changes, like = good) =>
  add(name, expect, like, "verify_lease", { token: lease, now_s: now, device_jkt: jkt, ...changes });
leaseCase(good, "VALID", {}, null);
leaseCase("in grace", "VALID_GRACE", { now_s: midnight + 2 * day });
leaseCase("the license is over", "LICENSE_EXPIRED", { now_s: midnight + 3 * day });
leaseCase("before it is good", "NOT_YET_VALID", { now_s: midnight - 3_601 });
leaseCase("another device", "DEVICE_MISMATCH", { device_jkt: thumbprint(publicJwk(other)) });
leaseCase("signed by another", "INVALID_SIGNATURE",
          { token: jws(leaseHeader, claims, byEd25519(root)) });
leaseCase("alg EdDSA", "WRONG_TYPE",
          { token: jws({ ...leaseHeader, alg: "EdDSA" }, claims, byEd25519(signing)) });
leaseCase("a receipt", "WRONG_TYPE",
          { token: jws({ ...leaseHeader, typ: "tongbao-receipt+jwt" }, claims, byEd25519(signing)) });
leaseCase("JSON over lines", "VALID",
          { token: jws(leaseHeader, JSON.stringify(claims, null, "\t"), byEd25519(signing)) });
leaseCase("a name twice", "MALFORMED",
          { token: jws(leaseHeader, `{"grc":1,${JSON.stringify(claims).slice(1)}`,
                       byEd25519(signing)) });
leaseCase("unknown key", "UNKNOWN_KEY",
          { token: jws({ ...leaseHeader, kid: "test-other" }, claims, byEd25519(signing)) });

const current = jws(keysHeader, keys, byEd25519(root));
const setCase = (name, expect, like, changes) =>
  add(name, expect, like, "load_keys", { token: current, now_s: now, ...changes }, []);
setCase("a good set", "VALID", null, {});
setCase("a lower seq", "KEYS_ROLLED_BACK", "a good set",
        { token: jws(keysHeader, { ...keys, seq: 2 }, byEd25519(root)) });
setCase("over", "KEYS_EXPIRED", "a good set", { now_s: midnight + 100 * day });
setCase("signed by the signing key", "KEYS_INVALID", "a good set",
        { token: jws(keysHeader, keys, byEd25519(signing)) });

const request = (name, expect, changes, like = "a good request") =>
  add(name, expect, like, "verify_request",
      { lease, proof, method: "GET", url: `${proofClaims.htu}?t=3`, body: null, nonce: ["n-1"],
        now_s: now, ...changes });
request("a good request", "VALID", {}, null);
request("a stolen lease", "DEVICE_MISMATCH",
        { proof: jws({ ...proofHeader, jwk: publicJwk(other) }, proofClaims, byEs256(other)) });
request("a proof in DER", "DEVICE_PROOF_INVALID",
        { proof: jws(proofHeader, proofClaims, byEs256(device, "der")) });
request("the private key in it", "DEVICE_PROOF_INVALID",
        { proof: jws({ ...proofHeader, jwk: device.export({ format: "jwk" }) }, proofClaims,
                     byEs256(device)) });
request("another nonce", "DEVICE_PROOF_INVALID", { nonce: ["n-2"] });

const made_by = `make_with_node.mjs, Node ${process.version}, OpenSSL ${process.versions.openssl}`;
const head = JSON.stringify({ made_by, options, loaded_at_s: now, sets: { current }, cases: [] },
                            null, 1);
const lines = cases.map((one) => JSON.stringify(one)).join(",\n");
writeFileSync(join(here, "node.json"), `${head.slice(0, -4)}[\n${lines}\n]}\n`);

const secret = Buffer.from("test secret of nonces, no secret!");
const nonce = (window) =>
  b64(createHmac("sha256", secret).update(`tongbao-nonce:${window}`).digest());
const nonces = [0, 1, 299, 300, 599, 600, now].map((now_s) => {
  const window = Math.floor(now_s / 300);
  return { now_s, accepted: [nonce(window), nonce(window - 1)] };
});
writeFileSync(join(here, "nonces.json"),
              JSON.stringify({ made_by, secret: b64(secret), nonces }, null, 1) + "\n");
console.log(`node.json: ${cases.length} cases; nonces.json: ${nonces.length}`);
