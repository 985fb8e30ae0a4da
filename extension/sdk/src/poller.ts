/** Asks again and again, in one context only: the others wait for the lock, and take over when it is free. */
import { asPayError } from "./errors";
import type { Scene } from "./scene";

const FAST_MS = 750;
const FAST_FOR_MS = 120_000;
/** With the 7 s that the server leaves between two questions to WeChat: a lost notify costs less than 10 s. */
const SLOW_MS = 2_000;
const LOCK = "poll";

/** Ends a pause early. */
export class Wake {
  #now = new AbortController();

  get signal(): AbortSignal {
    return this.#now.signal;
  }

  ring(): void {
    const before = this.#now;
    this.#now = new AbortController();
    before.abort();
  }
}

export interface Polling {
  /** One look; whether it was the last. An error is told to `failed`, and the look is repeated. */
  readonly tick: () => Promise<boolean>;
  readonly failed: (error: unknown) => void;
  readonly wake: Wake;
  readonly signal: AbortSignal;
}

/** Poll while this context is visible and no other does; resolves after the last look, or on abort. */
export async function poll(scene: Scene, polling: Polling): Promise<void> {
  const { visibility } = scene.seams;
  const unsubscribe = visibility.onChange(() => polling.wake.ring());
  try {
    for (let over = false; !over && !polling.signal.aborted;) {
      if (!visibility.isVisible()) await aborted(AbortSignal.any([polling.signal, polling.wake.signal]));
      else over = await held(scene, polling.signal, () => whileVisible(scene, polling));
    }
  } finally {
    unsubscribe();
  }
}

/** Do it if no other context polls now: what the background does at its alarm. */
export async function unlessPolled(scene: Scene, act: () => Promise<unknown>): Promise<void> {
  await scene.seams.locks.request(scene.name(LOCK), { ifAvailable: true }, async (lock) => {
    if (lock !== null) await act();
  });
}

/** Hidden, the lock is given back: another page, or the background, goes on. */
async function whileVisible(scene: Scene, { tick, failed, wake, signal }: Polling): Promise<boolean> {
  const { visibility, pause } = scene.seams;
  const fastUntilMs = scene.nowMs + FAST_FOR_MS;
  while (visibility.isVisible() && !signal.aborted) {
    const woken = wake.signal;
    const startedMs = scene.nowMs;
    let waitMs = startedMs < fastUntilMs ? FAST_MS : SLOW_MS;
    try {
      if (await tick()) return true;
      // The server may have waited for a change itself.
      waitMs = Math.max(waitMs - Math.max(scene.nowMs - startedMs, 0), FAST_MS / 4);
    } catch (error) {
      failed(error);
      waitMs = Math.max(waitMs, asPayError(error).retryAfterMs ?? 0);
    }
    await pause(waitMs, AbortSignal.any([signal, woken]));
  }
  return false;
}

async function held(scene: Scene, signal: AbortSignal, act: () => Promise<boolean>): Promise<boolean> {
  try {
    return await scene.seams.locks.request(scene.name(LOCK), { signal }, act) as boolean;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}
