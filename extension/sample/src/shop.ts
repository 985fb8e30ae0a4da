/** The one place that knows which shop sells this extension's license. */

import { type ApiBase, WeChatIntegration, type WeChatIntegrationOptions } from "../../sdk/src/index";
import settings from "./shop.json";

interface Settings {
  readonly apiBase: ApiBase;
  readonly product: string;
  readonly issuer: string;
  readonly environment: string;
  readonly roots: readonly string[];
  readonly minSeq?: number;
  readonly support: string;
}

const { support, environment, ...shop }: Settings = settings;

/** Where a buyer can ask the seller. */
export const SUPPORT = support;

/** Nothing happens here: the first call does the first work. */
export function openShop(): WeChatIntegration {
  const options: WeChatIntegrationOptions = {
    ...shop, environment: environment === "live" ? "live" : "test",
    language: chrome.i18n.getMessage("html_lang").startsWith("zh") ? "zh" : "en" };
  return new WeChatIntegration(options);
}
