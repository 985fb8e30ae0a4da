/** The part of the SDK that the pages use: what a fake has to be. */

import type { WeChatIntegration } from "../../sdk/src/index";

export type Shop = Pick<WeChatIntegration, "getLicense" | "refresh" | "getProduct" | "checkout" | "pending"
  | "restore" | "pendingRestore" | "devices" | "history" | "requestRefund" | "openPaymentPage" | "on">;
