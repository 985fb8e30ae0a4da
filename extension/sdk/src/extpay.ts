/** For extensions written for ExtensionPay: its calls, on this SDK. Change one import:
 *
 *   // shop.js
 *   export default extPayFor({ apiBase, product, issuer, environment, roots });
 *   // everywhere else
 *   import ExtPay from "./shop.js";         // was: from "extpay"
 *   const extpay = ExtPay("my-extension");  // as it is; the name is not needed
 *
 * There are no accounts, so `email` is null, and no trials: `trialStartedAt` is null for ever, and the trial page
 * is the page that sells. `getUser` answers offline. The content script on extensionpay.com can go.
 */
import { browserAdapters } from "./chrome_adapters";
import { Scene } from "./scene";
import type { LicenseState, Product, Unsubscribe, WeChatIntegrationOptions } from "./types";
import { WeChatIntegration } from "./wechat_integration";

export interface ExtPayUser {
  readonly paid: boolean;
  readonly paidAt: Date | null;
  readonly email: null;
  readonly installedAt: Date;
  readonly trialStartedAt: null;
  readonly plan: ExtPayPlan | null;
  readonly subscriptionStatus?: "active" | "past_due" | "canceled";
  readonly subscriptionCancelAt?: Date | null;
}

export interface ExtPayPlan {
  readonly unitAmountCents: number;
  readonly currency: string;
  readonly nickname: string | null;
  readonly interval: "once" | "day" | "month" | "year";
  readonly intervalCount: number | null;
}

interface Listeners<T extends unknown[]> {
  addListener(listener: (...values: T) => void): void;
  removeListener(listener: (...values: T) => void): void;
}

export interface ExtPayLike {
  getUser(): Promise<ExtPayUser>;
  getPlans(): Promise<ExtPayPlan[]>;
  openPaymentPage(planNickname?: string): Promise<void>;
  openTrialPage(displayText?: string): Promise<void>;
  openLoginPage(): Promise<void>;
  readonly onPaid: Listeners<[ExtPayUser]>;
  readonly onTrialStarted: Listeners<[ExtPayUser]>;
  startBackground(): void;
  /** The SDK itself, for all that ExtensionPay does not have. */
  readonly wechat: WeChatIntegration;
}

/** A factory to take the place of ExtensionPay's. */
export function extPayFor(options: WeChatIntegrationOptions): (extensionId?: string) => ExtPayLike {
  return () => new Shim(new WeChatIntegration(options), new Scene(options.product, { ...browserAdapters(), ...options.adapters }));
}

/** Functions on their own: ExtensionPay's samples hand `extpay.openPaymentPage` to a button as it is. */
class Shim implements ExtPayLike {
  readonly onPaid: Listeners<[ExtPayUser]>;
  /** Never fires: there are no trials. */
  readonly onTrialStarted: Listeners<[ExtPayUser]> = { addListener: () => undefined, removeListener: () => undefined };

  readonly #scene: Scene;

  constructor(readonly wechat: WeChatIntegration, scene: Scene) {
    this.#scene = scene;
    const offs = new Map<unknown, Unsubscribe>();
    this.onPaid = {
      addListener: (listener) => {
        if (!offs.has(listener)) offs.set(listener, wechat.on("paid", () => void this.getUser().then(listener)));
      },
      removeListener: (listener) => {
        offs.get(listener)?.();
        offs.delete(listener);
      },
    };
  }

  readonly startBackground = (): void => this.wechat.startBackground();

  /** From what is kept here: paid means that the license is good now. */
  readonly getUser = async (): Promise<ExtPayUser> => {
    const [state, installedAt] = await Promise.all([this.wechat.getLicense(), firstRun(this.#scene)]);
    return userOf(state, installedAt);
  };

  readonly getPlans = async (): Promise<ExtPayPlan[]> => [planOf(await this.wechat.getProduct())];
  readonly openPaymentPage = (): Promise<void> => this.wechat.openPaymentPage("offer");
  readonly openTrialPage = (): Promise<void> => this.wechat.openPaymentPage("offer");
  readonly openLoginPage = (): Promise<void> => this.wechat.openPaymentPage("restore");
}

/** When this product first ran in this browser profile. */
function firstRun(scene: Scene): Promise<Date> {
  return scene.alone("installed", async () => {
    const kept = await scene.read<{ readonly atMs: number } & Record<string, unknown>>("installed");
    const atMs = kept?.atMs ?? scene.nowMs;
    if (kept === null) await scene.write("installed", { atMs });
    return new Date(atMs);
  });
}

function userOf(state: LicenseState, installedAt: Date): ExtPayUser {
  const none = { email: null, installedAt, trialStartedAt: null, plan: null } as const;
  if (state.status !== "active") return { ...none, paid: false, paidAt: null };
  const { paidAt, endsAt } = state.license;
  const term = endsAt === null ? {} : { subscriptionStatus: "active" as const, subscriptionCancelAt: endsAt };
  return { ...none, paid: true, paidAt, ...term };
}

function planOf({ price, title, termDays }: Product): ExtPayPlan {
  const whole = (days: number): number | null => termDays !== null && termDays % days === 0 ? termDays / days : null;
  const [interval, intervalCount] = termDays === null ? ["once", null] as const
    : whole(365) !== null ? ["year", whole(365)] as const
    : whole(30) !== null ? ["month", whole(30)] as const : ["day", termDays] as const;
  return { unitAmountCents: price.amountMinor, currency: price.currency.toLowerCase(), nickname: title, interval, intervalCount };
}

