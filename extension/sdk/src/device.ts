/** This browser as a device: a P-256 key that cannot be exported, and proofs by it (RFC 9449). */
import { base64url, hash, thumbprint, utf8 } from "../../verifier/tongbao_verifier";
import { PayError } from "./errors";
import type { Fields } from "./reading";
import type { Adapters } from "./types";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** What of a request is signed besides its address: the claim secret in `Authorization`, and the JSON of its body. */
export interface Signed {
  readonly secret?: string;
  readonly body?: Fields;
}

interface Identity { readonly privateKey: CryptoKey; readonly jwk: JsonWebKey; readonly thumbprint: string }

export class Device {
  readonly #seams: Pick<Adapters, "keys" | "nowMs">;
  #identity: Promise<Identity> | null = null;
  /** The latest nonce that the API gave out. */
  nonce: string | undefined;

  constructor(seams: Pick<Adapters, "keys" | "nowMs">) {
    this.#seams = seams;
  }

  /** RFC 7638: what a lease for this browser is bound to. */
  async thumbprint(): Promise<string> {
    return (await this.#known()).thumbprint;
  }

  /** That this browser sends this very request, once. */
  async proof(htm: string, htu: string, { secret, body }: Signed): Promise<string> {
    const { privateKey, jwk } = await this.#known();
    // What is undefined is left out of the JSON.
    const claims = {
      htm, htu, iat: Math.floor(this.#seams.nowMs() / 1000), jti: newSecret(16), nonce: this.nonce,
      ath: secret === undefined ? secret : await hash(utf8(secret)),
      bth: body === undefined ? body : await hash(utf8(JSON.stringify(body))),
    };
    const parts = [{ typ: "dpop+jwt", alg: "ES256", jwk }, claims];
    const signed = parts.map((part) => base64url(utf8(JSON.stringify(part)))).join(".");
    const signature = await crypto.subtle.sign(ALGORITHM, privateKey, utf8(signed));
    return `${signed}.${base64url(signature)}`;
  }

  #known(): Promise<Identity> {
    this.#identity ??= this.#load().catch((error: unknown) => {
      this.#identity = null; // asked again, it is tried again
      throw new PayError("unsupported", { message: `no device key: ${String(error)}` });
    });
    return this.#identity;
  }

  async #load(): Promise<Identity> {
    const { privateKey, publicKey } = await this.#seams.keys.keyPair();
    const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
    const jwk = { crv, kty, x, y } as JsonWebKey;
    return { privateKey, jwk, thumbprint: await thumbprint(jwk) };
  }
}

/** A new key pair whose private half cannot be read, not even here. */
export function newKeyPair(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
}

/** Random bytes in base64url; 32 make 43 characters. */
export function newSecret(length = 32): string {
  return base64url(crypto.getRandomValues(new Uint8Array(length)));
}
