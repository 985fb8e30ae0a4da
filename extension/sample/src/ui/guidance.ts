/** For every error code: where the buyer can go from there. The words are in `_locales`. */

import type { PayErrorCode } from "../../../sdk/src/index";

export type Way = "retry" | "buy" | "restore" | "devices" | "history" | "contact";

/** The first way is the one to take; the second stands below it. */
export const WAYS: Readonly<Record<PayErrorCode, readonly [Way, Way?]>> = {
  network: ["retry"],
  timeout: ["retry"],
  rate_limited: ["retry"],
  server: ["retry", "contact"],
  bad_request: ["contact"],
  bad_response: ["retry", "contact"],
  aborted: ["retry"],
  unsupported: ["contact"],
  product_not_found: ["contact", "history"],
  order_not_found: ["restore", "contact"],
  order_closed: ["buy", "history"],
  order_not_paid: ["retry"],
  order_expired: ["buy", "retry"],
  payment_held: ["contact", "history"],
  no_pending_order: ["buy"],
  license_invalid: ["retry", "restore"],
  lease_expired: ["retry"],
  license_expired: ["buy", "history"],
  license_revoked: ["buy", "history"],
  license_suspended: ["history", "contact"],
  license_not_found: ["restore", "contact"],
  claim_secret_used: ["restore"],
  clock_rollback: ["retry"],
  device_mismatch: ["restore"],
  device_proof_invalid: ["retry", "contact"],
  device_limit: ["restore"],
  device_not_active: ["restore"],
  device_too_new: ["devices"],
  device_swap_limit: ["contact"],
  takeover_waits: ["retry"],
  takeover_busy: ["retry", "contact"],
  takeover_not_open: ["devices"],
  restore_barred: ["restore", "contact"],
  mistyped: ["restore"],
  refund_refused: ["contact", "history"],
};
