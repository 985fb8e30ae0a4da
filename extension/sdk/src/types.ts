/** The public shapes of the SDK. Times are `Date`s, amounts integers in the smallest unit. */

export type PayErrorCode =
  | "network" | "timeout" | "rate_limited" | "server" | "bad_request" | "bad_response" | "unsupported" | "aborted"
  | "product_not_found" | "order_not_found" | "order_closed" | "order_not_paid" | "order_expired" | "payment_held"
  | "license_invalid" | "license_expired" | "license_revoked" | "license_suspended" | "license_not_found"
  | "lease_expired" | "device_mismatch" | "device_proof_invalid"
  | "device_limit" | "device_not_active" | "device_too_new" | "device_swap_limit" | "claim_secret_used"
  | "takeover_waits" | "takeover_busy" | "takeover_not_open" | "restore_barred" | "mistyped"
  | "clock_rollback" | "refund_refused" | "no_pending_order";

export interface Money { readonly amountMinor: number; readonly currency: string }

export interface RefundPolicy {
  readonly windowDays: number;
  readonly onlyIfNeverActivated: boolean;
  readonly mostPerPayer: number | null;
  readonly approvalAbove: Money | null;
}

export interface Product {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly price: Money;
  readonly termDays: number | null;
  readonly entitlements: readonly string[];
  readonly refundPolicy: RefundPolicy | null;
}

/** A verified license. Only verification makes one; what lies in storage is not a license. */
export interface License {
  readonly id: string;
  readonly productId: string;
  readonly entitlements: readonly string[];
  /** End of the license; null: never. */
  readonly endsAt: Date | null;
  /** Until when it is good without the network, and until when in grace. */
  readonly leaseEndsAt: Date;
  readonly graceEndsAt: Date;
  /** For the buyer to keep; null where the server does not show it to this device (yet). */
  readonly licenseKey: string | null;
  /** When it was paid, as the server said; null where that is not known here. */
  readonly paidAt: Date | null;
  /** The lease itself, for the seller's own server (extension/verifier). */
  readonly token: string;
}

export type LicenseState =
  | { readonly status: "none" }
  | { readonly status: "active"; readonly license: License; readonly inGrace: boolean }
  | { readonly status: "expired" | "revoked" | "suspended" | "removed" }
  | { readonly status: "invalid"; readonly error: PayErrorShape };

export interface PayErrorShape {
  readonly code: PayErrorCode;
  readonly message: string;
  readonly messageZh: string | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly requestId: string | null;
  /** The API's code (docs/reference.md) or the verifier's (docs/licenses.md); null: neither spoke. */
  readonly reason: string | null;
  /** With `device_limit` and `takeover_waits`: among which to choose, and what waits. */
  readonly devices: Devices | null;
}

export interface PaymentCode { readonly kind: "qr" | "redirect" | "client_secret"; readonly value: string; readonly expiresAt: Date }

export interface OrderSummary {
  readonly orderId: string;
  /** 商户单号, as in the buyer's WeChat bill. */
  readonly orderNumber: string;
  readonly productId: string;
  readonly title: string;
  readonly price: Money;
}

export type CheckoutState =
  | { readonly phase: "creating" }
  | { readonly phase: "awaiting_payment"; readonly order: OrderSummary; readonly payment: PaymentCode; readonly online: boolean }
  | { readonly phase: "code_expired" | "closed"; readonly order: OrderSummary }
  /** Paid; the license is on its way. */
  | { readonly phase: "claiming"; readonly order: OrderSummary }
  | { readonly phase: "paid"; readonly order: OrderSummary; readonly license: License }
  /** With a `retryable` error it is tried again by itself. */
  | { readonly phase: "failed"; readonly order: OrderSummary | null; readonly error: PayErrorShape };

export interface Checkout extends AsyncIterable<CheckoutState> {
  readonly state: CheckoutState;
  /** Resolves once paid and the license verified and stored; rejects with PayError. */
  readonly done: Promise<License>;
  onChange(listener: (state: CheckoutState) => void): Unsubscribe;
  /** A new code for the same order: nobody can be charged twice. */
  refresh(): Promise<void>;
  /** Ask now ("I have paid"). */
  checkNow(): Promise<void>;
  /** Stop watching here; the background goes on. `done` rejects with `aborted`. */
  detach(): void;
  /** Close the order: it can no longer be paid. Who paid meanwhile gets the license. */
  cancel(): Promise<void>;
}

export interface Device {
  readonly id: string;
  readonly platform: string;
  readonly way: "claim" | "order_number" | "license_key";
  readonly activatedAt: Date;
  readonly darkAt: Date;
  readonly isThis: boolean;
}

export interface Takeover {
  readonly id: string;
  readonly platform: string;
  readonly way: Device["way"];
  readonly replaces: string;
  readonly askedAt: Date;
  readonly ripeAt: Date;
}

export interface Devices {
  readonly limit: number;
  readonly list: readonly Device[];
  readonly takeover: Takeover | null;
}

export interface DeviceBook {
  /** The devices of this license; `takeover` is another's request that waits for a decision. */
  list(): Promise<Devices>;
  remove(deviceId: string): Promise<Devices>;
  approve(takeoverId: string): Promise<Devices>;
  object(takeoverId: string): Promise<Devices>;
}

export interface Refund {
  readonly refundId: string; readonly amount: Money; readonly status: string;
  readonly requestedAt: Date; readonly settledAt: Date | null;
}

export interface Receipt {
  readonly order: OrderSummary;
  readonly status: "created" | "awaiting_payment" | "expired" | "paid" | "closed" | "refunding" | "refunded";
  readonly paidAt: Date | null;
  readonly transactionId: string | null;
  readonly refunded: Money;
  readonly refunds: readonly Refund[];
  readonly refundable: Money;
  /** The API's code for why a refund would be refused now; null: it would be taken. */
  readonly refundRefusedBy: string | null;
  readonly refundPolicy: RefundPolicy | null;
}

/** An order that this browser placed. */
export interface PastOrder {
  readonly order: OrderSummary;
  readonly placedAt: Date;
  /** As last seen; null: never asked for. */
  readonly receipt: Receipt | null;
  /** Why the receipt could not be brought up to date; null: it was, or nobody asked. */
  readonly error: PayErrorShape | null;
}

export type RestoreBy = { readonly orderNumber: string } | { readonly licenseKey: string };
export interface PendingRestore { readonly by: RestoreBy; readonly replaces: string; readonly ripeAt: Date | null }
export type Unsubscribe = () => void;
/** What the payment page shows first. */
export type PageView = "offer" | "license" | "devices" | "restore" | "history";
export interface PayEvents { readonly paid: License; readonly change: LicenseState; readonly error: PayErrorShape }

/** One address for all functions, or one for each. */
export type ApiBase = string | { readonly createOrder: string; readonly licenseFetch: string };

export interface WeChatIntegrationOptions {
  readonly apiBase: ApiBase;
  readonly product: string;
  /** "tongbao:" and the deployment's prefix. */
  readonly issuer: string;
  readonly environment: "live" | "test";
  /** The `x` of the roots that signed key sets are taken from: the one in use, and the next. */
  readonly roots: readonly string[];
  /** The `seq` of the key set when this build was made: older sets are refused. */
  readonly minSeq?: number;
  readonly language?: "en" | "zh";
  /** Page that `openPaymentPage` opens; default "pay.html". */
  readonly paymentPage?: string;
  /** Seams for tests. */
  readonly adapters?: Partial<Adapters>;
}

export interface KeyValueStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  remove(key: string): Promise<void>;
  onChange(listener: (key: string, value: unknown) => void): Unsubscribe;
}

export interface DeviceKeyStore {
  /** The device's key pair, made at the first call; not extractable. */
  keyPair(): Promise<CryptoKeyPair>;
}

/** The part of `chrome.*` that the background and `openPaymentPage` use. */
export interface ExtensionApi {
  readonly alarms: {
    create(name: string, info: { periodInMinutes: number; delayInMinutes?: number }): Promise<void> | void;
    get(name: string): Promise<unknown>;
    clear(name: string): Promise<unknown>;
    readonly onAlarm: { addListener(listener: (alarm: { name: string }) => void): void };
  };
  readonly runtime: {
    getURL(path: string): string;
    readonly onStartup: { addListener(listener: () => void): void };
    readonly onInstalled: { addListener(listener: () => void): void };
  };
  open(url: string, where: "tab" | "window"): Promise<void>;
}

export interface Adapters {
  readonly storage: KeyValueStore;
  readonly keys: DeviceKeyStore;
  readonly fetch: typeof fetch;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly locks: Pick<LockManager, "request">;
  /** Resolves after that time, or as soon as the signal aborts. */
  readonly pause: (durationMs: number, signal: AbortSignal) => Promise<void>;
  readonly visibility: { isVisible(): boolean; onChange(listener: () => void): Unsubscribe };
  readonly extension: ExtensionApi | null;
  /** Coarsely what this runs on: "chrome/windows". */
  readonly platform: string;
}
