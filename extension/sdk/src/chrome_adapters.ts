/** The seams as a browser fills them. `chrome.*` with promises is there in Chromium and in Firefox alike. */
import { newKeyPair } from "./device";
import type { Adapters, DeviceKeyStore, ExtensionApi, KeyValueStore } from "./types";

const DATABASE = "tongbao";
const STORE = "device";
const NAME = "key";

/** What this context offers; nothing is opened before it is used. */
export function browserAdapters(): Adapters {
  return {
    storage: extensionStorage, keys: new IndexedKeys(), nowMs: () => Date.now(), random: () => Math.random(),
    fetch: (input, init) => globalThis.fetch(input, init), locks: globalThis.navigator?.locks, pause, visibility,
    extension: typeof chrome === "undefined" || chrome.runtime?.id === undefined ? null : extensionApi,
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

const extensionApi: ExtensionApi = {
  get alarms() {
    return chrome.alarms;
  },
  get runtime() {
    return chrome.runtime;
  },
  open: async (url, where) => {
    if (where === "window") await chrome.windows.create({ url, type: "popup", width: 440, height: 720 });
    else await chrome.tabs.create({ url });
  },
};

/** A worker is never hidden: it polls at its alarms only. */
const visibility: Adapters["visibility"] = {
  isVisible: () => typeof document === "undefined" || document.visibilityState === "visible",
  onChange: (listener) => {
    if (typeof document === "undefined") return () => undefined;
    document.addEventListener("visibilitychange", listener);
    globalThis.addEventListener("online", listener);
    return () => {
      document.removeEventListener("visibilitychange", listener);
      globalThis.removeEventListener("online", listener);
    };
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
    const timer = setTimeout(done, Math.min(durationMs, 0x7fff_ffff));
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
  });
}

/** One pair for ever, for all contexts. */
class IndexedKeys implements DeviceKeyStore {
  async keyPair(): Promise<CryptoKeyPair> {
    const database = await opened();
    try {
      const store = (mode: IDBTransactionMode): IDBObjectStore => database.transaction(STORE, mode).objectStore(STORE);
      const found = await settled<CryptoKeyPair | undefined>(store("readonly").get(NAME));
      if (found !== undefined) return found;
      const fresh = await newKeyPair();
      // Two contexts at once: `add` fails for the second, which then takes what is there.
      await settled(store("readwrite").add(fresh, NAME)).catch(() => undefined);
      return await settled<CryptoKeyPair>(store("readonly").get(NAME));
    } finally {
      database.close();
    }
  }
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
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
  const first = (names: readonly (readonly [RegExp, string])[]): string =>
    names.find(([form]) => form.test(userAgent))?.[1] ?? "other";
  const browser = first([[/Edg\//, "edge"], [/OPR\//, "opera"], [/Firefox\//, "firefox"], [/Chrom(e|ium)\//, "chrome"],
    [/Safari\//, "safari"]]);
  const system = first([[/Windows/, "windows"], [/Android/, "android"], [/iPhone|iPad/, "ios"], [/Mac OS X/, "macos"],
    [/CrOS/, "chromeos"], [/Linux/, "linux"]]);
  return `${browser}/${system}`;
}
