/** What can go wrong, as one type with a code. Every code of the API (docs/reference.md) has its place here. */
import type { Devices, PayErrorCode, PayErrorShape } from "./types";

type Details = Partial<Omit<PayErrorShape, "code" | "message">> & { readonly message?: string | null };

const UNSAID = { messageZh: null, retryAfterMs: null, requestId: null, reason: null, devices: null };
/** Where the same request may succeed a little later. */
const RETRYABLE: readonly PayErrorCode[] = ["network", "timeout", "rate_limited", "server", "order_not_paid", "lease_expired",
  "takeover_waits"];

export class PayError extends Error implements PayErrorShape {
  override readonly name = "PayError";
  declare readonly messageZh: string | null;
  declare readonly retryable: boolean;
  declare readonly retryAfterMs: number | null;
  declare readonly requestId: string | null;
  declare readonly reason: string | null;
  declare readonly devices: Devices | null;

  constructor(readonly code: PayErrorCode, { message, ...details }: Details = {}) {
    super(message ?? code);
    Object.assign(this, UNSAID, { retryable: RETRYABLE.includes(code) }, details);
  }
}

/** Codes of the API and of the verifier that are codes here too. */
const SAME = ("product_not_found order_not_found order_not_paid payment_held rate_limited license_revoked license_suspended "
  + "license_expired license_not_found claim_secret_used device_not_active device_too_new device_swap_limit takeover_waits "
  + "takeover_busy takeover_not_open restore_barred lease_expired device_mismatch clock_rollback").split(" ");
/** Those of the API that have another name here. */
const NAMED: readonly (readonly [RegExp, PayErrorCode])[] = [
  [/^REFUND_/, "refund_refused"], [/MISTYPED$/, "mistyped"], [/^DEVICE_PROOF_/, "device_proof_invalid"],
  [/^DEVICE_LIMIT/, "device_limit"], [/^ORDER_NOT_OPEN$/, "order_closed"], [/^(INVALID|IDEMPOTENCY|ROUTE)_/, "bad_request"]];

function sameHere(reason: string): PayErrorCode | undefined {
  return SAME.find((code) => code === reason.toLowerCase()) as PayErrorCode | undefined;
}

/** The place of a refusal; a code that this build does not know goes by its status. */
export function codeOf(reason: string, status: number): PayErrorCode {
  return sameHere(reason) ?? (status >= 500 ? "server" : NAMED.find(([form]) => form.test(reason))?.[1])
    ?? (status === 429 ? "rate_limited" : [405, 413, 415].includes(status) ? "bad_request" : "bad_response");
}

/** A refusal by the API as the error it is here. */
export function refusalOf(reason: string, status: number, details: Details): PayError {
  // WeChat Pay refused for good: no waiting mends that.
  const final = reason === "PROVIDER_REFUSED" ? { retryable: false } : {};
  return new PayError(codeOf(reason, status), { ...details, reason, ...final });
}

/** What a verifier's "no" means for a buyer. */
export function verdictOf(code: string): PayError {
  const place = code === "NOT_YET_VALID" ? "clock_rollback" : sameHere(code) ?? "license_invalid";
  return new PayError(place, { reason: code });
}

/** Anything thrown, as a PayError: what is not one comes from a browser that lacks or refuses something. */
export function asPayError(error: unknown): PayError {
  if (error instanceof PayError) return error;
  if (error instanceof Error && error.name === "AbortError") return new PayError("aborted");
  return new PayError("unsupported", { message: error instanceof Error ? error.message : "unsupported" });
}

/** Whether the API said so for good: not what this browser, its network or a portal in between is the cause of. */
export function isFinal({ code, retryable }: PayErrorShape): boolean {
  return !retryable && !["unsupported", "bad_response", "aborted"].includes(code);
}

/** An error that lay in storage. */
export function revived(shape: PayErrorShape): PayError {
  return new PayError(shape.code, shape);
}

/** An error as JSON, for storage. */
export function flattened(error: PayErrorShape): PayErrorShape {
  return { ...error, message: error.message, devices: null };
}
