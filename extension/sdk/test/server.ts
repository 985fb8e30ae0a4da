/** The API, as docs/reference.md has it, in memory: what clients of it may rely on, and counts of what they did. */
import { createHash } from "node:crypto";
import { Verifier, thumbprint } from "../../verifier/tongbao_verifier";
import { DAY_S, ISSUER, PRODUCT, entry, keySet, lease, newSigner } from "./mint";
import type { Signer } from "./mint";
import type { Profile } from "./contexts";

export const BASE = "https://pay.test";
const hashOf = (source: string): string => createHash("sha256").update(source).digest("base64url");

interface Order { id: string; key: string; hash: string; status: string; codes: number; codeEndsS: number; endsS: number; claimedBy: string | null; revoked: boolean;
  refundKeys: Set<string> }
interface Failure { readonly path: RegExp; readonly answer: () => Response | Promise<Response>; times: number }

export class Server {
  readonly orders = new Map<string, Order>();
  readonly asked: string[] = [];
  readonly failures: Failure[] = [];
  readonly roots: [Signer, Signer] = [newSigner(), newSigner()];
  signing: { kid: string; signer: Signer } = { kid: "a", signer: newSigner() };
  seq = 1;
  set: string | null = null;
  codeLifeS = 7_200;
  nonce = "n1";
  leases = 0;
  /** So many licenses come without their lease, which is still to be signed. */
  unsigned = 0;
  refundRefusedBy: string | null = null;
  readonly refundKeysSeen = new Set<string>();
  devices = ["other"];
  /** With "full", a newcomer needs a slot to replace, and then the word of an active device. */
  house: "open" | "full" | "approved" = "open";
  /** Who asked for whose slot. */
  readonly takeovers = new Set<string>();

  constructor(readonly profile: Profile) {}

  get nowS(): number {
    return Math.floor(this.profile.nowMs / 1000);
  }

  /** How often something was asked: `count("POST /v1/orders")`. */
  count(line: string): number {
    return this.asked.filter((it) => it === line || it.replace(/\/v1\/(orders|licenses)\/[^/]{4,}/, "/v1/$1/*") === line).length;
  }

  pay(): void {
    for (const order of this.orders.values()) if (order.status === "awaiting_payment") order.status = "paid";
  }

  fail(path: RegExp, answer: Failure["answer"], times = 1): void {
    this.failures.push({ path, answer, times });
  }

  readonly fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const url = String(input);
    const path = url.slice(BASE.length);
    const line = `${init.method ?? "GET"} ${path}`;
    this.asked.push(line);
    const failure = this.failures.find((it) => it.times > 0 && it.path.test(line));
    if (failure !== undefined) {
      failure.times -= 1;
      return failure.answer();
    }
    return this.#answer(line, new Headers(init.headers), typeof init.body === "string" ? init.body : null, url);
  };

  async #answer(line: string, headers: Headers, body: string | null, url: string): Promise<Response> {
    const given = (body === null ? {} : JSON.parse(body)) as Record<string, string>;
    const secret = headers.get("authorization")?.slice(7) ?? null;
    if (line === "GET /v1/products") return json(200, products());
    if (line === "GET /v1/keys") return json(200, { keys: [], set: this.set ??= await this.#keySet() });
    if (line === "POST /v1/orders") return json(200, { order: this.#shown(this.#place(headers.get("idempotency-key") ?? "", given)) });
    const [, id = "", rest = ""] = /^\w+ \/v1\/orders\/([^/]+)(.*)$/.exec(line) ?? [];
    if (id !== "") return this.#order(id, rest, secret, headers.get("idempotency-key") ?? "");
    const jkt = await this.#proven(line.split(" ")[0] ?? "", url, headers, body, secret);
    if (jkt instanceof Response) return jkt;
    return this.#licensed(line, given, secret, jkt);
  }

  #licensed(line: string, given: Record<string, string>, secret: string | null, jkt: string): Response {
    if (line === "POST /v1/licenses/claim") {
      const order = this.orders.get(given["order_id"] ?? "");
      if (order === undefined || order.hash !== hashOf(secret ?? "")) return refusal(404, "ORDER_NOT_FOUND");
      if (order.revoked) return refusal(403, "LICENSE_REVOKED");
      if (order.status !== "paid") return refusal(409, "ORDER_NOT_PAID");
      if (order.claimedBy !== null && order.claimedBy !== jkt) return refusal(409, "CLAIM_SECRET_USED");
      order.claimedBy = jkt;
      return this.#license(order, jkt);
    }
    if (line === "POST /v1/licenses/restore") {
      const order = [...this.orders.values()].find((it) => `no-${it.id}` === given["order_number"]
        || `TB1-${it.id}` === given["license_key"]);
      if (order === undefined) return refusal(404, "LICENSE_NOT_FOUND");
      if (this.house !== "open") {
        const { replaces } = given;
        if (replaces === undefined) return refusal(409, "DEVICE_LIMIT_REACHED", {}, this.#deviceList());
        this.takeovers.add(`${jkt} for ${replaces}`);
        if (this.house === "full") return refusal(409, "TAKEOVER_WAITS", {}, this.#deviceList(replaces));
      }
      order.claimedBy = jkt;
      return this.#license(order, jkt);
    }
    const [, licenseId = "", rest = ""] = /^\w+ \/v1\/licenses\/([^/]+)(.*)$/.exec(line) ?? [];
    const order = this.orders.get(licenseId.slice(2));
    if (order === undefined || order.claimedBy !== jkt) return refusal(404, "DEVICE_NOT_ACTIVE");
    if (rest === "/lease") return order.revoked ? refusal(403, "LICENSE_REVOKED") : this.#license(order, jkt);
    return json(200, { license_id: licenseId, ...this.#deviceList() });
  }

  #license(order: Order, jkt: string): Response {
    this.leases += 1;
    const licenseId = `L-${order.id}`;
    const token = lease(this.signing.kid, this.signing.signer, { licenseId, jkt, nowS: this.nowS });
    const isSigned = this.unsigned === 0;
    this.unsigned -= isSigned ? 0 : 1;
    return json(200, { license: { license_id: licenseId, license_key: `TB1-${order.id}`, product_id: PRODUCT, entitlements: ["pro"],
      paid_at_s: this.nowS, ends_at_s: null, status: "active",
      lease: isSigned ? { token, starts_at_s: 0, ends_at_s: 0, grace_ends_at_s: 0, refresh_at_s: 0 } : null, ...this.#deviceList() } },
      { "DPoP-Nonce": this.nonce });
  }

  #deviceList(replaces?: string): object {
    const takeover = replaces === undefined ? null : { takeover_id: "K1", platform: "chrome/linux", way: "order_number", replaces,
      asked_at_s: this.nowS, ripe_at_s: this.nowS + 3 * DAY_S };
    return { device_limit: 3, takeover, devices: this.devices.map((id) => ({ device_id: id, platform: "chrome/windows", way: "claim",
      activated_at_s: this.nowS, dark_at_s: this.nowS + DAY_S, is_this: id === "this" })) };
  }

  #order(id: string, rest: string, secret: string | null, key: string): Response {
    const order = this.orders.get(id);
    if (order === undefined || order.hash !== hashOf(secret ?? "")) return refusal(404, "ORDER_NOT_FOUND");
    if (rest === "/cancel" && order.status === "awaiting_payment") order.status = "closed";
    if (rest === "/receipt" || rest === "/refunds") {
      if (rest === "/refunds" && this.refundRefusedBy !== null) return refusal(409, this.refundRefusedBy);
      if (rest === "/refunds") this.refundKeysSeen.add(key);
      if (rest === "/refunds" && order.revoked && !order.refundKeys.has(key)) return refusal(409, "REFUND_EXCEEDS_PAYMENT");
      if (rest === "/refunds") order.revoked = order.refundKeys.add(key).size > 0;
      return json(200, { receipt: this.#receipt(order) });
    }
    return json(200, { order: this.#shown(order) }, { "DPoP-Nonce": this.nonce });
  }

  #place(key: string, given: Record<string, string>): Order {
    const hash = given["claim_secret_hash"] ?? "";
    const found = [...this.orders.values()].find((it) => it.key === key);
    const order = found ?? { id: `O${this.orders.size + 1}AAAA`, key, hash, status: "awaiting_payment", codes: 0, codeEndsS: 0,
      endsS: this.nowS + 7_200, claimedBy: null, revoked: false, refundKeys: new Set() };
    if (order.hash !== hash) throw new Error("the same key with another secret");
    this.orders.set(order.id, order);
    if (order.codeEndsS <= this.nowS) {
      order.codes += 1;
      order.codeEndsS = this.nowS + this.codeLifeS;
    }
    return order;
  }

  #shown(order: Order): object {
    const expired = order.status === "awaiting_payment" && this.nowS >= order.endsS;
    const price = { amount_minor: 990, currency: "CNY" };
    return { order_id: order.id, out_trade_no: `no-${order.id}`, status: expired ? "expired" : order.status, product_id: PRODUCT,
      title: "Pro", price, created_at_s: this.nowS, expires_at_s: order.endsS, paid_at_s: null, refund_policy: null,
      payment: order.status === "awaiting_payment" && !expired
        ? { kind: "qr", value: `weixin://pay/${order.id}-${order.codes}`, expires_at_s: order.codeEndsS } : null };
  }

  #receipt(order: Order): object {
    const money = (amount_minor: number): object => ({ amount_minor, currency: "CNY" });
    return { order_id: order.id, out_trade_no: `no-${order.id}`, status: order.revoked ? "refunding" : order.status, product_id: PRODUCT,
      title: "Pro", price: money(990), paid_at_s: this.nowS, transaction_id: "T1", refunded: money(0),
      refunds: order.revoked ? [{ refund_id: "R1", amount: money(990), status: "requested", origin: "buyer", requested_at_s: this.nowS, settled_at_s: null }] : [],
      refundable: money(order.revoked ? 0 : 990), refund_refused_by: this.refundRefusedBy, refund_policy: null };
  }

  /** The device's thumbprint, by the verifier that sellers use; or the refusal. */
  async #proven(method: string, url: string, headers: Headers, body: string | null, secret: string | null): Promise<string | Response> {
    const proof = headers.get("dpop");
    const challenge = { "DPoP-Nonce": this.nonce };
    if (proof === null) return refusal(401, "DEVICE_PROOF_REQUIRED", challenge);
    const [header = "", claims = ""] = proof.split(".").map((part) => Buffer.from(part, "base64url").toString());
    if ((JSON.parse(claims) as { nonce?: string }).nonce !== this.nonce) return refusal(401, "DEVICE_PROOF_STALE", challenge);
    const jkt = await thumbprint((JSON.parse(header) as { jwk: object }).jwk);
    const verifier = new Verifier({ roots: [this.roots[0].x], issuer: ISSUER, environment: "test", product: PRODUCT });
    const { ok } = await verifier.verifyDeviceProof(proof, { method, url, nonce: this.nonce, jkt, credential: secret,
      body: body === null ? null : new TextEncoder().encode(body) });
    return ok ? jkt : refusal(401, "DEVICE_PROOF_INVALID");
  }

  #keySet(): Promise<string> {
    return keySet(this.roots[0], this.seq, this.nowS, [entry(this.signing.kid, this.signing.signer, this.nowS)]);
  }
}

function products(): object {
  return { catalogue_version: "1", products: [{ product_id: PRODUCT, titles: { en: "Reader Pro", zh: "专业版" },
    descriptions: { en: "All of it", zh: "全部功能" }, prices: [{ amount_minor: 990, currency: "CNY" }], term_days: 365,
    entitlements: ["pro"], refund_policy: null }] };
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

export function refusal(status: number, code: string, headers: Record<string, string> = {}, details?: object): Response {
  return json(status, { error: { code, message: `en ${code}`, message_zh: `zh ${code}`, request_id: "r1", details } }, headers);
}

export function offline(): Promise<Response> {
  return Promise.reject(new TypeError("Failed to fetch"));
}
