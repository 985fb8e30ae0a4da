/** The license on another device: by the order number of WeChat's bill (商户单号), or by the license key. */
import type { Api } from "./api";
import { PayError, asPayError, isFinal, revived } from "./errors";
import type { Keeper } from "./keeper";
import type { Fields } from "./reading";
import type { Scene } from "./scene";
import type { License, PendingRestore, RestoreBy } from "./types";

export interface RestoreOptions {
  /** The id of the device whose slot is asked for, after `device_limit`. */
  readonly replaces?: string;
  readonly signal?: AbortSignal;
}
interface KeptRestore extends Fields { readonly by: RestoreBy; readonly replaces: string; readonly ripeAtMs: number | null }

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
    try {
      await this.#keeper.take(this.#api.restore(by, replaces, signal), null);
    } catch (error) {
      if (replaces !== undefined) await this.#note(by, replaces, asPayError(error));
      throw error;
    }
    await this.#scene.remove("restore");
    const state = await this.#keeper.state();
    if (state.status === "active") return state.license;
    throw state.status === "invalid" ? revived(state.error) : new PayError("license_invalid");
  }

  /** The request that waits for an active device, or for its time. */
  async pending(): Promise<PendingRestore | null> {
    const kept = await this.#scene.read<KeptRestore>("restore");
    if (kept === null) return null;
    const { by, replaces, ripeAtMs } = kept;
    return { by, replaces, ripeAt: ripeAtMs === null ? null : new Date(ripeAtMs) };
  }

  /** Ask again for what waits, if anything does. */
  async goOn(): Promise<void> {
    const kept = await this.#scene.read<KeptRestore>("restore");
    if (kept === null) return;
    await this.restore(kept.by, kept).catch((error: unknown) => {
      if (!WAITS.includes(asPayError(error).code)) throw error;
    });
  }

  async #note(by: RestoreBy, replaces: string, error: PayError): Promise<void> {
    if (error.code === "takeover_waits") {
      const ripeAtMs = error.devices?.takeover?.ripeAt.getTime() ?? null;
      await this.#scene.write("restore", { by, replaces, ripeAtMs });
    } else if (isFinal(error) && !WAITS.includes(error.code)) {
      await this.#scene.remove("restore");
    }
  }
}
