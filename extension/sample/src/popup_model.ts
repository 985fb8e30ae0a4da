/** What the toolbar's popup shows. */

import type { LicenseState, Product } from "../../sdk/src/index";

export interface PopupModel {
  readonly text: string;
  readonly license: LicenseState;
  /** An order that waits for its payment, or for the shop's answer to it. */
  readonly order: "waits" | "paid" | null;
  /** Null: not known (yet); the popup does without. */
  readonly product: Product | null;
}

export const EMPTY_POPUP: PopupModel = {
  text: "", license: { status: "none" }, order: null, product: null };
