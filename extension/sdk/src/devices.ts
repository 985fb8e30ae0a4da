/** The devices of the license, for this one of them. */
import type { Api } from "./api";
import { PayError } from "./errors";
import type { Keeper } from "./keeper";
import type { DeviceBook, Devices } from "./types";

export class LicenseDevices implements DeviceBook {
  readonly #api: Api;
  readonly #keeper: Keeper;

  constructor(api: Api, keeper: Keeper) {
    this.#api = api;
    this.#keeper = keeper;
  }

  async list(): Promise<Devices> {
    return this.#api.devices(await this.#license());
  }

  /** Free a slot; one's own too, which ends the license here. */
  async remove(deviceId: string): Promise<Devices> {
    const licenseId = await this.#license();
    const left = await this.#api.removeDevice(licenseId, deviceId);
    if (!left.list.some((device) => device.isThis)) await this.#keeper.refresh();
    return left;
  }

  async approve(takeoverId: string): Promise<Devices> {
    const left = await this.#api.decide(await this.#license(), takeoverId, "approve");
    if (!left.list.some((device) => device.isThis)) await this.#keeper.refresh();
    return left;
  }

  async object(takeoverId: string): Promise<Devices> {
    return this.#api.decide(await this.#license(), takeoverId, "object");
  }

  async #license(): Promise<string> {
    const kept = await this.#keeper.kept();
    if (kept === null) throw new PayError("license_not_found");
    return kept.licenseId;
  }
}
