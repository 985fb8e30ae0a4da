/** What the toolbar's popup shows. */

import type { LicenseState, Product } from "../../sdk/src/index";

export interface PopupModel {
  readonly text: string;
  readonly license: LicenseState;
  /** An order waits for its payment. */
  readonly isPaying: boolean;
  /** Null: not known (yet); the popup does without. */
  readonly product: Product | null;
}

export const EMPTY_POPUP: PopupModel = {
  text: "", license: { status: "none" }, isPaying: false, product: null };
