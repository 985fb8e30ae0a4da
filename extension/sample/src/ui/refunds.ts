/** Words for where a refund stands, and for why one would be refused: the API's own codes. */

import type { MessageKey, Say } from "./say";

const STATES: Readonly<Record<string, MessageKey>> = {
  awaiting_approval: "refund_awaiting_approval", requested: "refund_processing",
  processing: "refund_processing", abnormal: "refund_abnormal", succeeded: "refund_succeeded",
  closed: "refund_closed", refused: "refund_closed", declined: "refund_declined" };

const REFUSALS: Readonly<Record<string, MessageKey>> = {
  REFUND_NOT_OFFERED: "refused_not_offered", REFUND_WINDOW_OVER: "refused_window_over",
  REFUND_AFTER_ACTIVATION: "refused_after_activation", REFUND_LIMIT_REACHED: "refused_limit",
  REFUND_EXCEEDS_PAYMENT: "refused_exceeds" };

export function refundState(say: Say, status: string): string {
  return say(STATES[status] ?? "refund_processing");
}

export function refundRefusal(say: Say, code: string): string {
  return say(REFUSALS[code] ?? "refused_other");
}
