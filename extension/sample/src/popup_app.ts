/** Puts the popup into its document. It works without the network, and shows more when there is one. */

import { EMPTY_POPUP, type PopupModel } from "./popup_model";
import { followOrder } from "./popup_order";
import { ASK_AT_MOST_EVERY_MS } from "./refreshing";
import type { Shop } from "./shop_port";
import { patch } from "./ui/patch";
import { say, speakPageLanguage } from "./ui/say";
import { popupView, type PopupContext } from "./views/popup";

const DRAFT = "draft";

export async function startPopup(shop: Shop): Promise<void> {
  const root = document.querySelector("#app");
  if (root === null) throw new Error("popup.html has no #app");
  speakPageLanguage();
  document.title = say("name");
  let model: PopupModel = { ...EMPTY_POPUP, text: await readDraft() };
  const update = (change: Partial<PopupModel>): void => {
    model = { ...model, ...change };
    patch(root, popupView(model, context));
  };
  const context: PopupContext = { say, language: say("html_lang"),
    type: (text) => { update({ text }); void keepDraft(text); } };
  shop.on("change", (license) => update({ license }));
  const [license, pending] = await Promise.all([shop.getLicense(), shop.pending()]);
  update({ license });
  followOrder(shop, pending, (order) => update({ order }));
  void shop.refresh({ unlessWithinMs: ASK_AT_MOST_EVERY_MS });
  if (license.status === "none") await showPrice(shop, update);
}

/** Without the network there is no price, and nothing to complain about. */
async function showPrice(shop: Shop, update: (change: Partial<PopupModel>) => void): Promise<void> {
  const product = await shop.getProduct().catch(() => null);
  update({ product });
}

/** The popup closes when it loses focus; what was pasted is still there when it opens again. */
async function readDraft(): Promise<string> {
  const { [DRAFT]: text } = await chrome.storage.session.get(DRAFT);
  return typeof text === "string" ? text : "";
}

async function keepDraft(text: string): Promise<void> {
  await chrome.storage.session.set({ [DRAFT]: text });
}
