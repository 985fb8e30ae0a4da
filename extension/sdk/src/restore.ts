/** The license on another device: by the order number of WeChat's bill (商户单号), or by the license key. */
import type { Api } from "./api";
import { PayError } from "./errors";
import type { Keeper } from "./keeper";
import type { Fields } from "./reading";
import type { Scene } from "./scene";
import type { License, PendingRestore, RestoreBy } from "./types";

export interface RestoreOptions {
  /** The id of the device whose slot is asked for, after `device_limit`. */
  readonly replaces?: string;
  readonly signal?: AbortSignal;
}
interface KeptRestore extends Fields { readonly wish: Fields; readonly ripeAtMs: number | null }

/** Answers that end a request which waited; anything else is tried again. */
const WAITS = ["takeover_waits", "takeover_busy"];

export class Restorer {
  readonly #scene: Scene;
  readonly #api: Api;
  readonly #keeper: Keeper;

  constructor(scene: Scene, api: Api, keeper: Keeper) {
    this.#scene = scene;
    this.#api = api;
    this.#keeper = keeper;
  }

  /** The license, verified and kept. `device_limit` carries the devices to choose from; `takeover_waits` says
   *  that the request is open: the background asks again until it is decided. */
  async restore(by: RestoreBy, { replaces, signal }: RestoreOptions = {}): Promise<License> {
    const wish = { ..."orderNumber" in by ? { order_number: by.orderNumber.trim() } : { license_key: by.licenseKey.trim() },
      ...(replaces === undefined ? {} : { replaces }) };
    return this.#ask(wish, signal);
  }

  /** The request that waits for an active device, or for its time. */
  async pending(): Promise<PendingRestore | null> {
    const kept = await this.#scene.read<KeptRestore>("restore");
    if (kept === null) return null;
    const { order_number: orderNumber, license_key: licenseKey, replaces } = kept.wish;
    return {
      by: typeof orderNumber === "string" ? { orderNumber } : { licenseKey: String(licenseKey) },
      replaces: String(replaces), ripeAt: kept.ripeAtMs === null ? null : new Date(kept.ripeAtMs) };
  }

  /** Ask again for what waits, if anything does. */
  async goOn(): Promise<void> {
    const kept = await this.#scene.read<KeptRestore>("restore");
    if (kept === null) return;
    try {
      await this.#ask(kept.wish);
    } catch (error) {
      if (!(error instanceof PayError) || !WAITS.includes(error.code)) throw error;
    }
  }

  async #ask(wish: Fields, signal?: AbortSignal): Promise<License> {
    try {
      await this.#keeper.take(this.#api.restore(wish, signal), null);
    } catch (error) {
      await this.#note(wish, error);
      throw error;
    }
    await this.#scene.remove("restore");
    const state = await this.#keeper.state();
    if (state.status === "active") return state.license;
    throw state.status === "invalid" ? new PayError(state.error.code, state.error) : new PayError("license_invalid");
  }

  async #note(wish: Fields, error: unknown): Promise<void> {
    if (!(error instanceof PayError) || wish["replaces"] === undefined) return;
    if (error.code === "takeover_waits") {
      const ripeAtMs = error.devices?.takeover?.ripeAt.getTime() ?? null;
      await this.#scene.write("restore", { wish, ripeAtMs });
    } else if (!error.retryable && !WAITS.includes(error.code)) {
      await this.#scene.remove("restore");
    }
  }
}
