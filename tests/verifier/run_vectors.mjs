// Puts every case to the TypeScript verifier, three times: with the platform's Ed25519, on a
// platform without it (the package steps in), and there with a verifier that was passed in.
// argv: the compiled verifier. stdin: {documents: {name: document}, secret, times, jwks, xs}. stdout:
// {codes: {way: {name: [code]}}, calls: {way: count}, nonces, thumbprints,
// unnoticed}.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { createPublicKey, verify as nodeVerify } from "node:crypto";

const { Verifier, Nonces, thumbprint } = await import(pathToFileURL(process.argv[2]).href);
const given = JSON.parse(readFileSync(0, "utf8"));
const calls = { platform: 0, package: 0, injected: 0 };
const real = globalThis.crypto.subtle;

/** WebCrypto as it is; it counts how often it verifies with Ed25519. */
const counting = (way, hasEd25519) => ({
  importKey: async (...args) => {
    if (args[2] === "Ed25519" && !hasEd25519) throw new DOMException("unknown", "NotSupportedError");
    return real.importKey(...args);
  },
  verify: async (...args) => {
    if (args[0] === "Ed25519") calls[way] += 1;
    return real.verify(...args);
  },
  digest: (...args) => real.digest(...args),
  sign: (...args) => real.sign(...args),
});
const injected = async (signature, message, x) => {
  calls.injected += 1;
  const key = { kty: "OKP", crv: "Ed25519", x: Buffer.from(x).toString("base64url") };
  return nodeVerify(null, message, createPublicKey({ key, format: "jwk" }), signature);
};
const ways = {
  platform: { subtle: counting("platform", true), ed25519: injected },
  package: { subtle: counting("package", false) },
  injected: { subtle: counting("injected", false), ed25519: injected },
};

const WITH = { verify_lease: [true, false], verify_device_proof: [false, true],
               verify_request: [true, true] };

const bytes = (text) => (text === null ? null : new TextEncoder().encode(text));

async function answer(verifier, call, args) {
  if (call === "load_keys") return { code: await verifier.loadKeys(args.token, args.now_s) };
  if (call === "verify_lease") {
    return verifier.verifyLease(args.token, args.now_s, args.device_jkt, args.latest_seen_s);
  }
  const request = { method: args.method, url: args.url, nonce: args.nonce, body: bytes(args.body) };
  if (call === "verify_request") {
    return verifier.verifyRequest(args.lease, args.proof, { ...request, nowS: args.now_s });
  }
  if (call !== "verify_device_proof") throw new Error(`unknown call ${call}`);
  return verifier.verifyDeviceProof(args.proof, { ...request, jkt: args.jkt, credential: args.credential });
}

async function run(document, one, way) {
  const { min_seq: minSeq, ...options } = { ...document.options, ...one.options };
  const verifier = new Verifier({ ...options, minSeq, ...way });
  for (const name of one.loaded) {
    const code = await verifier.loadKeys(document.sets[name], document.loaded_at_s);
    if (code !== "VALID") return `${name} was not loaded: ${code}`;
  }
  const { code, ok, claims, proof } = await answer(verifier, one.call, one.args);
  if (one.call !== "load_keys") {
    const good = code === "VALID" || code === "VALID_GRACE";
    if (ok !== good) return `${code}, but ok is ${ok}`;
    const wanted = good ? WITH[one.call] : [false, false];
    if ((claims !== undefined) !== wanted[0] || (proof !== undefined) !== wanted[1]) {
      return `${code}, with the wrong claims`;
    }
  }
  return code;
}

const codes = {};
for (const [name, way] of Object.entries(ways)) {
  codes[name] = {};
  for (const [file, document] of Object.entries(given.documents)) {
    if (document.only !== undefined && document.only !== name) continue;
    codes[name][file] = [];
    for (const one of document.cases) codes[name][file].push(await run(document, one, way));
  }
}
const nonces = new Nonces(Buffer.from(given.secret, "base64url"));
const accepted = [];
for (const nowS of given.times) accepted.push([await nonces.accepted(nowS), await nonces.current(nowS)]);
const thumbprints = [];
for (const jwk of given.jwks) thumbprints.push(await thumbprint(jwk));

// Mistakes of the seller, each of which must throw; what did not is named.
const { options } = given.documents.leases;
const verifier = new Verifier(options);
const mistakes = {
  "no root": () => new Verifier({ ...options, roots: [] }),
  "three roots": () => new Verifier({ ...options, roots: given.xs.slice(0, 3) }),
  "a root twice": () => new Verifier({ ...options, roots: [given.xs[0], given.xs[0]] }),
  "no key as root": () => new Verifier({ ...options, roots: ["AA"] }),
  "a JWK without x as root": () => new Verifier({ ...options, roots: [{ kty: "OKP" }] }),
  "a root of small order": () => new Verifier({ ...options, roots: [`AQ${"A".repeat(41)}`] }),
  "minSeq with a fraction": () => new Verifier({ ...options, minSeq: 0.5 }),
  "time of a lease with a fraction": () => verifier.verifyLease("", 1.5),
  "time of a lease is no number": () => verifier.verifyLease("", NaN),
  "time of a set with a fraction": () => verifier.loadKeys("", 1.5),
  "a short secret": () => new Nonces(new Uint8Array(31)),
  "thumbprint of nothing": () => thumbprint({}),
  "thumbprint of RSA": () => thumbprint({ kty: "RSA", n: "AQ", e: "AQAB" }),
  "thumbprint of P-384": () => thumbprint({ ...given.jwks[1], crv: "P-384" }),
  "thumbprint of OKP on P-256": () => thumbprint({ ...given.jwks[0], crv: "P-256" }),
  "thumbprint of EC on Ed25519": () => thumbprint({ ...given.jwks[1], crv: "Ed25519" }),
  "thumbprint of a short x": () => thumbprint({ ...given.jwks[0], x: "AA" }),
  "thumbprint of a short y": () => thumbprint({ ...given.jwks[1], y: "AA" }),
};
const unnoticed = [];
for (const [name, mistake] of Object.entries(mistakes)) {
  try {
    await mistake();
    unnoticed.push(name);
  } catch (error) {
    if (!(error instanceof Error)) unnoticed.push(name);
  }
}
process.stdout.write(JSON.stringify({ codes, calls, nonces: accepted, thumbprints, unnoticed }));
