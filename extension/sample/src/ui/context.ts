/** What a view needs besides the model: words, and the things that can be done. */

import type { View } from "../model";
import type { Say } from "./say";

/** Functions on their own, which a view can hand to a button as they are. */
export interface Actions {
  readonly go: (view: View) => void;
  /** Does again what the view did when it was opened. */
  readonly reload: () => void;
  readonly buy: () => void;
  readonly orderAgain: () => void;
  readonly refreshCode: () => void;
  readonly checkNow: () => void;
  readonly cancelOrder: () => void;
  readonly openWindow: () => void;
  readonly refreshLicense: () => void;
  readonly copy: (id: string, text: string) => void;
  readonly askToRemove: (deviceId: string | null) => void;
  readonly removeDevice: (deviceId: string) => void;
  readonly decide: (takeoverId: string, decision: "approve" | "object") => void;
  readonly typeRestore: (typed: string) => void;
  readonly restore: () => void;
  readonly chooseDevice: (deviceId: string) => void;
  readonly restartRestore: () => void;
  readonly reloadHistory: () => void;
  readonly lookAtRefund: (orderId: string) => void;
  readonly requestRefund: (orderId: string) => void;
}

export interface Context {
  readonly say: Say;
  /** BCP 47, for amounts and dates. */
  readonly language: string;
  /** Where the seller can be asked: a mailto: or https: address. */
  readonly support: string;
  readonly act: Actions;
}
