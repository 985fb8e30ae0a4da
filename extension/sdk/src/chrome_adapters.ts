/** The seams as a browser fills them. `chrome.*` with promises is there in Chromium and in Firefox alike. */
import { newKeyPair } from "./device";
import type { Adapters, ExtensionApi, KeyValueStore } from "./types";

const STORE = "device";
const NAME = "key";

/** What this context offers; nothing is opened before it is used. */
export function browserAdapters(): Adapters {
  return {
    storage: extensionStorage, keys: { keyPair }, nowMs: () => Date.now(), random: () => Math.random(),
    fetch: (input, init) => globalThis.fetch(input, init), locks: globalThis.navigator?.locks, pause, visibility,
    extension: extensionApi(),
    platform: platformOf(globalThis.navigator?.userAgent ?? "") };
}

const extensionStorage: KeyValueStore = {
  get: async (key) => (await chrome.storage.local.get(key))[key],
  set: (key, value) => chrome.storage.local.set({ [key]: value }),
  remove: (key) => chrome.storage.local.remove(key),
  onChange: (listener) => {
    const hear = (changes: Record<string, chrome.storage.StorageChange>, area: string): void => {
      if (area === "local") for (const [key, { newValue }] of Object.entries(changes)) listener(key, newValue);
    };
    chrome.storage.onChanged.addListener(hear);
    return () => chrome.storage.onChanged.removeListener(hear);
  },
};

function extensionApi(): ExtensionApi | null {
  if (globalThis.chrome?.runtime?.id === undefined) return null;
  const { alarms, runtime, tabs, windows } = chrome;
  return { alarms, runtime, open: async (url, where) => {
    if (where === "window") await windows.create({ url, type: "popup", width: 440, height: 720 });
    else await tabs.create({ url });
  } };
}

/** A worker is never hidden: it polls at its alarms only. */
const visibility: Adapters["visibility"] = {
  isVisible: () => globalThis.document?.visibilityState !== "hidden",
  onChange: (listener) => {
    const off = new AbortController();
    for (const event of ["visibilitychange", "online"]) globalThis.addEventListener(event, listener, { signal: off.signal });
    return () => off.abort();
  },
};

/** Timers hold 31 bits of milliseconds; longer waits end early, and who waits looks again. */
function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, signal.aborted ? 0 : Math.min(durationMs, 0x7fff_ffff));
    signal.addEventListener("abort", done);
  });
}

/** One pair for ever, for all contexts. */
async function keyPair(): Promise<CryptoKeyPair> {
  const opening = indexedDB.open("tongbao", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await settled(opening);
  try {
    const store = (mode: IDBTransactionMode): IDBObjectStore => database.transaction(STORE, mode).objectStore(STORE);
    const kept = (): Promise<CryptoKeyPair | undefined> => settled(store("readonly").get(NAME));
    const found = await kept();
    if (found !== undefined) return found;
    const fresh = await newKeyPair();
    // Two contexts at once: `add` fails for the second, which then takes what is there.
    await settled(store("readwrite").add(fresh, NAME)).catch(() => undefined);
    return await kept() as CryptoKeyPair;
  } finally {
    database.close();
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      event.preventDefault(); // a refused `add` must not end the transaction as an unhandled error
      reject(request.error ?? new Error("IndexedDB"));
    };
  });
}

/** "chrome/windows": as little as lets a buyer tell their devices apart. */
export function platformOf(userAgent: string): string {
  const first = (known: string): string =>
    known.split(" ").map((one) => one.split(":")).find(([mark = ""]) => userAgent.includes(mark))?.[1] ?? "other";
  const browser = first("Edg:edge OPR:opera Firefox:firefox Chrom:chrome Safari:safari");
  const system = first("Windows:windows Android:android iPhone:ios iPad:ios Mac:macos CrOS:chromeos Linux:linux");
  return `${browser}/${system}`;
}
