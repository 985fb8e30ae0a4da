/** Restoring: one field for both proofs, then a device to replace where all are taken. */

import type { Devices, PayErrorShape, RestoreBy } from "../../../sdk/src/index";
import { NOT_RESTORING, type Restoring } from "../model";
import type { Shop } from "../shop_port";
import { asShape, type Store } from "../store";

/** Between the 23 symbols of a license key and the 31 of an order number, which may begin alike. */
const LONGEST_KEY = 26;

export function proofOf(typed: string): RestoreBy {
  const text = typed.trim();
  const symbols = text.replace(/[\s-]/g, "");
  return /^tb[\dil]/i.test(symbols) && symbols.length <= LONGEST_KEY
    ? { licenseKey: text } : { orderNumber: text };
}

/** What an error means for the steps of a restore. */
export function afterError(restoring: Restoring, error: PayErrorShape): Restoring {
  const devices = error.devices ?? restoring.devices;
  if (error.code === "device_limit") {
    const replace = restoring.replace ?? longestUnused(devices);
    const again = restoring.step === "choosing";
    return { ...restoring, step: "choosing", devices, replace, error: again ? error : null };
  }
  if (error.code === "takeover_waits") {
    const ripeAt = error.devices?.takeover?.ripeAt ?? restoring.ripeAt;
    return { ...restoring, step: "waiting", devices, ripeAt, error: null };
  }
  return { ...restoring, error };
}

/** Who has not asked for a lease for the longest time goes dark first. */
function longestUnused(devices: Devices | null): string | null {
  const byDark = [...devices?.list ?? []].sort((a, b) => a.darkAt.getTime() - b.darkAt.getTime());
  return byDark[0]?.id ?? null;
}

export class Restorer {
  constructor(private readonly shop: Shop, private readonly store: Store) {}

  /** A request that waits is shown again, whichever page made it. */
  async open(): Promise<void> {
    const waiting = await this.shop.pendingRestore();
    if (waiting === null || this.#now.step === "waiting") return;
    const { by, replaces, ripeAt } = waiting;
    const typed = "licenseKey" in by ? by.licenseKey : by.orderNumber;
    this.#set({ ...NOT_RESTORING, step: "waiting", typed, replace: replaces, ripeAt });
  }

  type(typed: string): void {
    this.#set({ ...this.#now, typed, error: null });
  }

  choose(deviceId: string): void {
    this.#set({ ...this.#now, replace: deviceId, error: null });
  }

  settled(): void {
    if (this.#now.step === "waiting") this.#set({ ...NOT_RESTORING, step: "done" });
  }

  restart(): void {
    this.#set({ ...NOT_RESTORING, typed: this.#now.typed });
  }

  submit(): Promise<void> {
    const { step, typed, replace } = this.#now;
    const buttons = { typing: "restore-now", choosing: "take-over", waiting: "ask-again", done: "" };
    return this.store.work(buttons[step], async () => {
      try {
        const asked = step !== "typing" && replace !== null ? { replaces: replace } : {};
        const license = await this.shop.restore(proofOf(typed), asked);
        this.#set({ ...NOT_RESTORING, step: "done" });
        this.store.update({ license: { status: "active", license, inGrace: false } });
      } catch (error) {
        this.#set(afterError(this.#now, asShape(error)));
      }
    });
  }

  get #now(): Restoring {
    return this.store.model.restoring;
  }

  #set(restoring: Restoring): void {
    this.store.update({ restoring });
  }
}
