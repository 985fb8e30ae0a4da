/** Everything that the payment page can show. Views are functions of this and change nothing. */

import type {
  CheckoutState, Devices, LicenseState, PastOrder, PayErrorShape, Product,
} from "../../sdk/src/index";

export const VIEWS = ["offer", "pay", "license", "devices", "restore", "history", "refund"] as const;
export type View = (typeof VIEWS)[number];

export type Loaded<T> =
  | { readonly status: "loading" }
  | { readonly status: "ready"; readonly value: T }
  | { readonly status: "failed"; readonly error: PayErrorShape };

/** `choosing`: all devices are taken. `waiting`: another device, or three days, will decide. */
export interface Restoring {
  readonly step: "typing" | "choosing" | "waiting" | "done";
  readonly typed: string;
  readonly devices: Devices | null;
  readonly replace: string | null;
  readonly ripeAt: Date | null;
  readonly error: PayErrorShape | null;
}

export interface Model {
  readonly view: View;
  readonly nowMs: number;
  readonly license: LicenseState;
  readonly product: Loaded<Product>;
  readonly checkout: CheckoutState | null;
  /** The order was over for us when the payment came after all. */
  readonly paidLate: boolean;
  readonly devices: Loaded<Devices>;
  /** The device whose removal waits for a second click. */
  readonly confirming: string | null;
  readonly restoring: Restoring;
  readonly history: Loaded<readonly PastOrder[]>;
  /** The order whose refund is looked at. */
  readonly refundOf: string | null;
  /** The button that is at work. */
  readonly busy: string | null;
  /** The copy button that was just used, and whether it worked. */
  readonly copied: { readonly id: string; readonly worked: boolean } | null;
  /** What went wrong with the last click, beside the thing that was clicked. */
  readonly error: PayErrorShape | null;
  /** True in the toolbar's popup, which closes when it loses focus. */
  readonly inPopup: boolean;
}

/** An order that can still become a license by itself. */
export function isUnderWay(checkout: CheckoutState | null): boolean {
  return checkout !== null && UNDER_WAY.includes(checkout.phase);
}

const UNDER_WAY: readonly CheckoutState["phase"][] =
  ["creating", "awaiting_payment", "code_expired", "claiming"];

export const LOADING = { status: "loading" } as const;

export const NOT_RESTORING: Restoring = {
  step: "typing", typed: "", devices: null, replace: null, ripeAt: null, error: null };

export function emptyModel(view: View, nowMs: number): Model {
  return {
    view, nowMs, license: { status: "none" }, product: LOADING, checkout: null, paidLate: false,
    devices: LOADING, confirming: null, restoring: NOT_RESTORING, history: LOADING,
    refundOf: null, busy: null, copied: null, error: null, inPopup: false,
  };
}

export function isView(name: string | null): name is View {
  return VIEWS.some((view) => view === name);
}
