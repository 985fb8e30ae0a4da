// The HTTP API of the functions. Every failure is an ApiError with a stable `code`.

import { heard, proof } from "./device.js";

const TIMEOUT_MS = 15_000;
const STALE = ["DEVICE_PROOF_REQUIRED", "DEVICE_PROOF_STALE"];

/** `code` is the server's, or NETWORK, TIMEOUT, BAD_ANSWER. */
export class ApiError extends Error {
  constructor(code, { status = 0, retryAfterS = null, requestId = null } = {}) {
    super(code);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.retryAfterS = retryAfterS;
    this.requestId = requestId;
  }

  /** Whether the very same request may succeed a little later. */
  get transient() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export class Api {
  #functions;

  /** `functions` maps create_order and license_fetch to their addresses. */
  constructor(functions) {
    this.#functions = functions;
  }

  products() {
    return this.#call("create_order", "GET", "/v1/products");
  }

  placeOrder({ productId, idempotencyKey, claimSecretHash, language }) {
    return this.#call("create_order", "POST", "/v1/orders", {
      headers: { "Idempotency-Key": idempotencyKey },
      body: { product_id: productId, claim_secret_hash: claimSecretHash, language },
    });
  }

  order(orderId, claimSecret) {
    return this.#call("license_fetch", "GET", `/v1/orders/${encodeURIComponent(orderId)}`, {
      headers: { Authorization: `Bearer ${claimSecret}` },
    });
  }

  claim(orderId, claimSecret) {
    return this.#proven("license_fetch", "POST", "/v1/licenses/claim", {
      secret: claimSecret, body: { order_id: orderId } });
  }

  keys() {
    return this.#call("license_fetch", "GET", "/v1/keys");
  }

  /** With a proof of this browser's key; once more when its nonce was too old. */
  async #proven(name, method, path, { secret, body }) {
    for (let tries = 1; ; tries += 1) {
      const DPoP = await proof({ method, url: this.#functions[name] + path, secret,
        body: JSON.stringify(body) });
      try {
        return await this.#call(name, method, path, {
          headers: { Authorization: `Bearer ${secret}`, DPoP }, body });
      } catch (error) {
        if (tries === 2 || !STALE.includes(error.code)) throw error;
      }
    }
  }

  async #call(name, method, path, { headers = {}, body } = {}) {
    const request = { method, headers: { ...headers }, cache: "no-store", credentials: "omit",
      redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) };
    if (body !== undefined) {
      request.headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    let response;
    let answer;
    try {
      response = await fetch(this.#functions[name] + path, request);
      heard(response);
      answer = await response.json();
    } catch (error) {
      if (error.name === "TimeoutError") throw new ApiError("TIMEOUT");
      if (response === undefined) throw new ApiError("NETWORK");
      throw new ApiError("BAD_ANSWER", { status: response.status });
    }
    if (response.ok) return answer;
    const found = answer?.error ?? {};
    throw new ApiError(typeof found.code === "string" ? found.code : "BAD_ANSWER", {
      status: response.status, retryAfterS: found.retry_after_s ?? null,
      requestId: found.request_id ?? null,
    });
  }
}
