/** Browser contexts that share storage and locks, and can die at any step. */
import { newKeyPair } from "../src/device";
import type { Adapters, ExtensionApi, KeyValueStore } from "../src/types";

type Listener = (key: string, value: unknown) => void;

/** What survives: storage, the device key, the clock. */
export class Profile {
  readonly stored = new Map<string, string>();
  readonly contexts = new Set<Context>();
  readonly locks = new LockTable();
  readonly alarms = new Map<string, number>();
  keyPair: Promise<CryptoKeyPair> | null = null;
  nowMs = 1_800_000_123_000;

  later(durationMs: number): void {
    this.nowMs += durationMs;
  }
}

interface Held { readonly owner: Context; readonly name: string; readonly start: (() => void) | null }

class LockTable {
  readonly holders = new Map<string, Context>();
  #queue: Held[] = [];

  take(owner: Context, name: string): Promise<void> {
    if (!this.holders.has(name)) {
      this.holders.set(name, owner);
      return Promise.resolve();
    }
    return new Promise((start) => this.#queue.push({ owner, name, start }));
  }

  give(owner: Context, name: string): void {
    if (this.holders.get(name) !== owner) return;
    this.holders.delete(name);
    const next = this.#queue.find((it) => it.name === name);
    if (next === undefined) return;
    this.#queue = this.#queue.filter((it) => it !== next);
    this.holders.set(name, next.owner);
    next.start?.();
  }

  leave(owner: Context, name?: string): void {
    this.#queue = this.#queue.filter((it) => it.owner !== owner || (name !== undefined && it.name !== name));
    if (name === undefined) for (const [held, by] of [...this.holders]) if (by === owner) this.give(owner, held);
  }
}

/** One page or worker. After `diesAfter` steps (writes and requests) it never goes on. */
export class Context {
  readonly listeners = new Set<Listener>();
  readonly heard: string[] = [];
  steps = 0;
  dead = false;
  visible = true;
  #died: () => void = () => undefined;
  readonly death = new Promise<void>((resolve) => { this.#died = resolve; });
  readonly #seen = new Set<() => void>();
  readonly background = { start: [] as (() => void)[], installed: [] as (() => void)[], alarm: [] as ((alarm: { name: string }) => void)[] };
  readonly opened: string[] = [];

  constructor(readonly profile: Profile, readonly fetch: typeof globalThis.fetch, readonly diesAfter = Infinity) {
    profile.contexts.add(this);
  }

  die(): void {
    if (this.dead) return;
    this.dead = true;
    this.profile.contexts.delete(this);
    this.listeners.clear();
    this.profile.locks.leave(this);
    this.#died();
  }

  show(visible: boolean): void {
    this.visible = visible;
    for (const listener of this.#seen) listener();
  }

  /** Count a step that was done; the last one is done, but nobody learns of it. */
  async #stepped<T>(act: () => Promise<T>): Promise<T> {
    if (this.dead) return new Promise(() => undefined);
    this.steps += 1;
    const result = await act();
    if (this.steps >= this.diesAfter) this.die();
    return this.#living(result);
  }

  #living<T>(value: T): Promise<T> {
    return this.dead ? new Promise(() => undefined) : Promise.resolve(value);
  }

  #storage(): KeyValueStore {
    const { stored } = this.profile;
    const tell = (key: string, value: unknown): void => {
      for (const context of this.profile.contexts) {
        for (const listener of context.listeners) setImmediate(() => { if (!context.dead) listener(key, value); });
      }
    };
    return {
      get: (key) => this.#living(stored.has(key) ? JSON.parse(stored.get(key) as string) as unknown : undefined),
      set: (key, value) => this.#stepped(async () => {
        stored.set(key, JSON.stringify(value));
        tell(key, JSON.parse(JSON.stringify(value)));
      }),
      remove: (key) => this.#stepped(async () => {
        stored.delete(key);
        tell(key, undefined);
      }),
      onChange: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
    };
  }

  #locks(): NonNullable<Adapters["locks"]> {
    const request = async (name: string, ...rest: unknown[]): Promise<unknown> => {
      const act = rest.at(-1) as (lock: unknown) => unknown;
      const { ifAvailable, signal } = (rest.length > 1 ? rest[0] : {}) as { ifAvailable?: boolean; signal?: AbortSignal };
      const { locks } = this.profile;
      if (ifAvailable === true && locks.holders.has(name)) return act(null);
      await Promise.race([locks.take(this, name), new Promise((_, reject) => signal?.addEventListener("abort", () => {
        locks.leave(this, name);
        reject(new DOMException("aborted", "AbortError"));
      }))]);
      try {
        return await act({ name });
      } finally {
        locks.give(this, name);
      }
    };
    return { request } as NonNullable<Adapters["locks"]>;
  }

  #extension(): ExtensionApi {
    const { alarms } = this.profile;
    return {
      alarms: {
        create: (name, { periodInMinutes }) => void alarms.set(name, periodInMinutes),
        get: async (name) => alarms.has(name) ? { name } : undefined,
        clear: async (name) => alarms.delete(name),
        onAlarm: { addListener: (listener) => void this.background.alarm.push(listener) } },
      runtime: {
        getURL: (path) => `chrome-extension://test/${path}`,
        onStartup: { addListener: (listener) => void this.background.start.push(listener) },
        onInstalled: { addListener: (listener) => void this.background.installed.push(listener) } },
      open: async (url) => void this.opened.push(url) };
  }

  /** The seams of this context. Pauses move the profile's clock instead of waiting. */
  adapters(): Adapters {
    const { profile } = this;
    return {
      storage: this.#storage(),
      keys: { keyPair: () => profile.keyPair ??= newKeyPair() },
      fetch: (input, init) => this.#stepped(() => this.fetch(input, init)),
      nowMs: () => profile.nowMs, random: () => 0.5, locks: this.#locks(),
      // What a page waits for is the next poll; longer waits (the end of a code) go by only when the test says so.
      pause: (durationMs, signal) => durationMs > 60_000 ? ended(signal) : new Promise((resolve) => {
        setImmediate(() => {
          if (this.dead) return;
          profile.nowMs += durationMs;
          resolve();
        });
      }),
      visibility: { isVisible: () => this.visible, onChange: (listener) => {
        this.#seen.add(listener);
        return () => this.#seen.delete(listener);
      } },
      extension: this.#extension(), platform: "chrome/linux" };
  }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}
