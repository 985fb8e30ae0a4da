/** Every text comes from `_locales`; a key that is not there does not compile. */

import type messages from "../../_locales/en/messages.json";

export type MessageKey = keyof typeof messages;

/** The text of a key in the browser's language, with $1, $2 … filled in. */
export type Say = (key: MessageKey, ...values: string[]) => string;

export const say: Say = (key, ...values) => chrome.i18n.getMessage(key, values);

/** The language that `say` answers in: not always the one the browser reports. */
export function speakPageLanguage(): void {
  document.documentElement.lang = say("html_lang");
}
