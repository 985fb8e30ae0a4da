/** The HTTP API (docs/reference.md). Every failure is a PayError; every answer is read strictly. */
import { readDevices, readLicense, readOrder, readProduct, readReceipt } from "./answers";
import type { HandedLicense, KeptOrder } from "./answers";
import type { Device } from "./device";
import { PayError, refusalOf } from "./errors";
import { fields, text } from "./reading";
import type { Fields } from "./reading";
import type { Adapters, ApiBase, Devices, Product, Receipt, RestoreBy } from "./types";

const TIMEOUT_MS = 15_000;
/** A poll may be answered late: the server can wait for a change (TONGBAO_WAIT_S, at most 20). */
const POLL_TIMEOUT_MS = 30_000;
const STALE = ["DEVICE_PROOF_STALE", "DEVICE_PROOF_REQUIRED"];

type Desk = "createOrder" | "licenseFetch";
interface Call {
  readonly secret?: string;
  readonly idempotencyKey?: string;
  readonly body?: Fields;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Placing {
  readonly productId: string; readonly idempotencyKey: string; readonly claimSecretHash: string;
  readonly language: "en" | "zh";
}

/** A receipt, and the answer that it was read from, to be kept. */
export interface ReceiptAnswer { readonly receipt: Receipt; readonly answer: unknown }

export class Api {
  readonly #base: ApiBase;
  readonly #device: Device;
  readonly #seams: Pick<Adapters, "fetch" | "platform">;

  constructor(base: ApiBase, device: Device, seams: Pick<Adapters, "fetch" | "platform">) {
    this.#base = base;
    this.#device = device;
    this.#seams = seams;
  }

  async product(id: string, language: "en" | "zh", signal?: AbortSignal): Promise<Product> {
    const found = readProduct(await this.#call("createOrder", "GET", "/v1/products", { signal }), id, language);
    if (found === undefined) throw new PayError("product_not_found");
    return found;
  }

  async placeOrder({ productId, idempotencyKey, claimSecretHash, language }: Placing): Promise<KeptOrder> {
    return readOrder(await this.#call("createOrder", "POST", "/v1/orders", {
      idempotencyKey, body: { product_id: productId, claim_secret_hash: claimSecretHash, language } }));
  }

  async order(orderId: string, secret: string): Promise<KeptOrder> {
    return readOrder(await this.#call("licenseFetch", "GET", `/v1/orders/${part(orderId)}`,
      { secret, timeoutMs: POLL_TIMEOUT_MS }));
  }

  async cancel(orderId: string, secret: string): Promise<KeptOrder> {
    return readOrder(await this.#call("createOrder", "POST", `/v1/orders/${part(orderId)}/cancel`, { secret }));
  }

  async receipt(orderId: string, secret: string): Promise<ReceiptAnswer> {
    return checked(await this.#call("licenseFetch", "GET", `/v1/orders/${part(orderId)}/receipt`, { secret }));
  }

  async refund(orderId: string, secret: string, idempotencyKey: string): Promise<ReceiptAnswer> {
    return checked(await this.#call("createOrder", "POST", `/v1/orders/${part(orderId)}/refunds`,
      { secret, idempotencyKey }));
  }

  async claim(orderId: string, secret: string): Promise<HandedLicense> {
    return readLicense(await this.#proven("POST", "/v1/licenses/claim",
      { secret, body: { order_id: orderId, platform: this.#seams.platform } }));
  }

  /** `replaces` is the id of the device whose slot is asked for. */
  async restore(by: RestoreBy, replaces?: string, signal?: AbortSignal): Promise<HandedLicense> {
    const proof = "orderNumber" in by ? { order_number: by.orderNumber.trim() } : { license_key: by.licenseKey.trim() };
    return readLicense(await this.#proven("POST", "/v1/licenses/restore",
      { body: { ...proof, replaces, platform: this.#seams.platform }, signal }));
  }

  async lease(licenseId: string, signal?: AbortSignal): Promise<HandedLicense> {
    return readLicense(await this.#proven("POST", `/v1/licenses/${part(licenseId)}/lease`, { signal }));
  }

  devices(licenseId: string): Promise<Devices> {
    return this.#listed(licenseId, "GET", "/devices");
  }

  removeDevice(licenseId: string, deviceId: string): Promise<Devices> {
    return this.#listed(licenseId, "DELETE", `/devices/${part(deviceId)}`);
  }

  decide(licenseId: string, takeoverId: string, decision: "approve" | "object"): Promise<Devices> {
    return this.#listed(licenseId, "POST", `/takeovers/${part(takeoverId)}`, { body: { decision } });
  }

  /** The signed key set. */
  async keySet(signal?: AbortSignal): Promise<string> {
    return text(fields(await this.#call("licenseFetch", "GET", "/v1/keys", { signal }))["set"]);
  }

  async #listed(licenseId: string, method: string, rest: string, call: Call = {}): Promise<Devices> {
    return readDevices(await this.#proven(method, `/v1/licenses/${part(licenseId)}${rest}`, call));
  }

  /** With a proof of this device's key; once more where its nonce was too old or missing. */
  async #proven(method: string, path: string, call: Call): Promise<unknown> {
    const once = async (): Promise<unknown> => this.#call("licenseFetch", method, path, call,
      await this.#device.proof(method, this.#url("licenseFetch", path), call));
    return once().catch((error: unknown) => {
      if (error instanceof PayError && STALE.includes(error.reason ?? "")) return once();
      throw error;
    });
  }

  #url(desk: Desk, path: string): string {
    const base = typeof this.#base === "string" ? this.#base : this.#base[desk];
    return base.replace(/\/+$/, "") + path;
  }

  async #call(desk: Desk, method: string, path: string, call: Call, proof?: string): Promise<unknown> {
    const timeout = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS);
    const request: RequestInit = {
      method, headers: headersOf(call, proof), cache: "no-store", credentials: "omit", redirect: "error",
      signal: AbortSignal.any(call.signal === undefined ? [timeout] : [call.signal, timeout]),
      body: JSON.stringify(call.body) };
    let response: Response;
    let said: string;
    try {
      response = await this.#seams.fetch(this.#url(desk, path), request);
      this.#device.nonce = response.headers.get("DPoP-Nonce") ?? this.#device.nonce;
      said = await response.text();
    } catch {
      throw new PayError(call.signal?.aborted === true ? "aborted" : timeout.aborted ? "timeout" : "network");
    }
    const answer = parsed(said, response);
    if (response.ok) return answer;
    throw refusal(answer, response);
  }
}

function headersOf({ body, secret, idempotencyKey }: Call, proof?: string): Headers {
  const headers = new Headers();
  if (body !== undefined) headers.set("Content-Type", "application/json");
  if (secret !== undefined) headers.set("Authorization", `Bearer ${secret}`);
  if (idempotencyKey !== undefined) headers.set("Idempotency-Key", idempotencyKey);
  if (proof !== undefined) headers.set("DPoP", proof);
  return headers;
}

function parsed(said: string, response: Response): unknown {
  try {
    return JSON.parse(said);
  } catch {
    // A gateway or a captive portal spoke, not the API.
    if (response.ok) throw new PayError("bad_response", { message: "not JSON" });
    return null;
  }
}

function refusal(answer: unknown, response: Response): PayError {
  const after = Number(response.headers.get("Retry-After") ?? NaN);
  const retryAfterMs = Number.isFinite(after) && after >= 0 ? after * 1000 : null;
  const error = (answer as { readonly error?: Fields | null } | null)?.error ?? {};
  const said = (name: string): string | null => {
    const value = error[name];
    return typeof value === "string" ? value : null;
  };
  const details = error["details"] ?? null;
  return refusalOf(said("code") ?? "", response.status, { message: said("message"), messageZh: said("message_zh"),
    requestId: said("request_id"), retryAfterMs, devices: details === null ? null : readDevices(details) });
}

function checked(answer: unknown): ReceiptAnswer {
  return { receipt: readReceipt(answer), answer };
}

function part(id: string): string {
  return encodeURIComponent(id);
}
