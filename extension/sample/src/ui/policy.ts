/** What the buyer agrees to by paying: when the money comes back without asking anybody. */

import type { Money, RefundPolicy } from "../../../sdk/src/index";
import type { Say } from "./say";

export function refundTerms(say: Say, policy: RefundPolicy | null, price: Money): string {
  if (policy === null) return say("refund_none");
  const days = String(policy.windowDays);
  const terms = policy.onlyIfNeverActivated ? say("refund_days_unused", days) : say("refund_days", days);
  const most = policy.approvalAbove;
  return most !== null && price.amountMinor > most.amountMinor
    ? say("refund_with_approval", terms) : terms;
}
