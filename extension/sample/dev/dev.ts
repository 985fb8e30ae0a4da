/** Entry of dev.html: the real page, a fake shop, and as much of `chrome` as the page uses. */

import en from "../_locales/en/messages.json";
import zh_CN from "../_locales/zh_CN/messages.json";
import zh_TW from "../_locales/zh_TW/messages.json";
import { startPage } from "../src/page";
import { startPopup } from "../src/popup_app";
import { FakeShop } from "./fake_shop";
import { scenesOf } from "./scenes";

const asked = new URLSearchParams(location.search);
type Messages = Readonly<Record<string, { readonly message: string }>>;
const languages: Readonly<Record<string, Messages>> = { en, zh_CN, zh_TW };
const messages: Messages = languages[asked.get("lang") ?? "en"] ?? en;
const scenes = scenesOf(asked.get("lang")?.startsWith("zh") ?? false, Date.now());
const scene = scenes[asked.get("scene") ?? "offer"] ?? {};

Object.assign(globalThis, { chrome: {
  i18n: { getMessage: (key: string, values: string[] = []) => (messages[key]?.message ?? "")
    .replace(/\$(\d)/g, (_: string, place: string) => values[Number(place) - 1] ?? "") },
  extension: { getViews: () => (asked.has("popup") ? [window] : []) },
  storage: { session: { get: async () => ({ draft: scene.popupText }), set: async () => undefined } },
} });

const shop = new FakeShop(scene);
if (scene.view === "popup") {
  use("styles/popup.css");
  await startPopup(shop);
} else {
  use("styles/pay.css");
  history.replaceState(null, "", address());
  startPage(shop, "mailto:help@shop.example");
}
await walk();
document.documentElement.dataset["ready"] = "";

function use(href: string): void {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  document.head.append(link);
}

function address(): string {
  asked.set("view", scene.view ?? "offer");
  if (scene.order !== undefined) asked.set("order", scene.order);
  return `?${asked.toString()}`;
}

async function walk(): Promise<void> {
  const pause = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 30); });
  await pause();
  for (const [id, typed] of scene.steps ?? []) {
    const element = document.getElementById(id);
    if (element instanceof HTMLInputElement && typed !== undefined) {
      element.value = typed;
      element.dispatchEvent(new Event("input"));
    } else element?.click();
    await pause();
  }
}
