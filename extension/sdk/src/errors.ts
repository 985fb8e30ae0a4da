/** What can go wrong, as one type with a code. Every code of the API (docs/reference.md) has its place here. */
import type { Devices, PayErrorCode, PayErrorShape } from "./types";

type Details = Partial<Omit<PayErrorShape, "code">>;

export class PayError extends Error implements PayErrorShape {
  override readonly name = "PayError";
  readonly messageZh: string | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly requestId: string | null;
  readonly reason: string | null;
  readonly devices: Devices | null;

  constructor(readonly code: PayErrorCode, details: Details = {}) {
    super(details.message ?? code);
    this.messageZh = details.messageZh ?? null;
    this.retryable = details.retryable ?? RETRYABLE.has(code);
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.requestId = details.requestId ?? null;
    this.reason = details.reason ?? null;
    this.devices = details.devices ?? null;
  }
}

/** Where the same request may succeed a little later. */
const RETRYABLE: ReadonlySet<PayErrorCode> = new Set<PayErrorCode>(
  ["network", "timeout", "rate_limited", "server", "order_not_paid", "lease_expired", "takeover_waits"]);

/** Codes of the API that are codes here too. */
const SAME = ("product_not_found order_not_found order_not_paid payment_held rate_limited license_revoked license_suspended "
  + "license_expired license_not_found claim_secret_used device_not_active device_too_new device_swap_limit takeover_waits "
  + "takeover_busy takeover_not_open restore_barred").split(" ");
/** Those that have another name here. */
const NAMED: readonly (readonly [RegExp, PayErrorCode])[] = [
  [/^REFUND_/, "refund_refused"], [/MISTYPED$/, "mistyped"], [/^DEVICE_PROOF_/, "device_proof_invalid"],
  [/^DEVICE_LIMIT/, "device_limit"], [/^ORDER_NOT_OPEN$/, "order_closed"], [/^(INVALID|IDEMPOTENCY|ROUTE)_/, "bad_request"]];

/** The place of a refusal; a code that this build does not know goes by its status. */
export function codeOf(reason: string, status: number): PayErrorCode {
  const same = reason.toLowerCase();
  if (SAME.includes(same)) return same as PayErrorCode;
  if (status >= 500) return "server";
  return NAMED.find(([form]) => form.test(reason))?.[1]
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
  const places: Record<string, PayErrorCode> = {
    LEASE_EXPIRED: "lease_expired", LICENSE_EXPIRED: "license_expired", DEVICE_MISMATCH: "device_mismatch",
    CLOCK_ROLLBACK: "clock_rollback", NOT_YET_VALID: "clock_rollback" };
  return new PayError(places[code] ?? "license_invalid", { reason: code });
}

/** Anything thrown, as a PayError: what is not one comes from a browser that lacks or refuses something. */
export function asPayError(error: unknown): PayError {
  if (error instanceof PayError) return error;
  if (error instanceof Error && error.name === "AbortError") return new PayError("aborted");
  return new PayError("unsupported", { message: error instanceof Error ? error.message : "unsupported" });
}

/** An error that lay in storage. */
export function revived(shape: PayErrorShape): PayError {
  return new PayError(shape.code, shape);
}

/** An error as JSON, for storage. */
export function flattened(error: PayErrorShape): PayErrorShape {
  const { code, message, messageZh, retryable, retryAfterMs, requestId, reason } = error;
  return { code, message, messageZh, retryable, retryAfterMs, requestId, reason, devices: null };
}
