/** Signs key sets and leases for tests, with keys made here. */
import { generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { thumbprint } from "../../verifier/tongbao_verifier";

export const ISSUER = "tongbao:TEST";
export const PRODUCT = "reader-pro";
export const DAY_S = 86_400;

export interface Signer { readonly x: string; readonly key: KeyObject }

export function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { x: String(publicKey.export({ format: "jwk" }).x), key: privateKey };
}

export function jws(header: object, claims: object, { key }: Signer): string {
  const signed = [header, claims].map((it) => Buffer.from(JSON.stringify(it)).toString("base64url")).join(".");
  return `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`;
}

export interface KeyEntry { readonly kid: string; readonly x: string; readonly status: string; readonly from: number; readonly until: number | null }

export async function keySet(root: Signer, seq: number, nowS: number, keys: readonly KeyEntry[], expS = nowS + 400 * DAY_S): Promise<string> {
  const kid = await thumbprint({ kty: "OKP", crv: "Ed25519", x: root.x });
  return jws({ typ: "tongbao-keys+jwt", alg: "Ed25519", kid },
    { v: 1, iss: ISSUER, env: "test", seq, iat: nowS, exp: expS, keys }, root);
}

export function entry(kid: string, signer: Signer, nowS: number, status = "active", until: number | null = null): KeyEntry {
  return { kid, x: signer.x, status, from: nowS - 100 * DAY_S, until };
}

export interface LeaseOf { readonly licenseId: string; readonly jkt: string; readonly nowS: number; readonly lexp?: number | null; readonly days?: number; readonly graceDays?: number }

export function lease(kid: string, signer: Signer, { licenseId, jkt, nowS, lexp = null, days = 14, graceDays = 7 }: LeaseOf): string {
  const iat = nowS - nowS % DAY_S;
  return jws({ typ: "tongbao-lease+jwt", alg: "Ed25519", kid }, {
    v: 1, iss: ISSUER, aud: PRODUCT, sub: licenseId, env: "test", ent: ["pro"], jti: `L${iat}`, lexp,
    iat, nbf: iat - 3_600, exp: iat + days * DAY_S, grc: graceDays * DAY_S, cnf: { jkt } }, signer);
}
