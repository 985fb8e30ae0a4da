/** What every part works with: where it keeps things, which locks keep contexts apart, and the time. */
import type { Adapters, KeyValueStore, Unsubscribe } from "./types";

/** Names of what is kept; the whole of it is one product's. */
export const PLACES = ["order", "license", "paid", "keys", "clock", "past", "restore", "installed"] as const;
export type Place = (typeof PLACES)[number];
type Record_ = Readonly<Record<string, unknown>>;

export class Scene {
  readonly #prefix: string;
  readonly #storage: KeyValueStore;

  constructor(product: string, readonly seams: Adapters) {
    this.#prefix = `tongbao:${product}:`;
    this.#storage = seams.storage;
  }

  get nowMs(): number {
    return this.seams.nowMs();
  }

  get nowS(): number {
    return Math.floor(this.seams.nowMs() / 1000);
  }

  /** The name of an alarm or a lock. */
  name(of: string): string {
    return this.#prefix + of;
  }

  /** What is kept in a place; null: nothing, or nothing that this version wrote. */
  async read<T extends Record_>(place: Place): Promise<T | null> {
    return kept<T>(await this.#storage.get(this.#prefix + place));
  }

  async write(place: Place, value: Record_): Promise<void> {
    await this.#storage.set(this.#prefix + place, { v: 1, ...value });
  }

  async remove(place: Place): Promise<void> {
    await this.#storage.remove(this.#prefix + place);
  }

  /** Hear of changes of these places, made in any context. */
  watch(places: readonly Place[], listener: (place: Place, value: Record_ | null) => void): Unsubscribe {
    return this.#storage.onChange((key, value) => {
      const place = places.find((it) => this.#prefix + it === key);
      if (place !== undefined) listener(place, kept(value));
    });
  }

  /** Read, change and write while nobody else does, in any context. */
  alone<T>(what: string, act: () => Promise<T>): Promise<T> {
    return this.seams.locks.request(this.name(what), act) as Promise<T>;
  }
}

function kept<T extends Record_>(value: unknown): T | null {
  return typeof value === "object" && value !== null && (value as Record_)["v"] === 1 ? value as T : null;
}
