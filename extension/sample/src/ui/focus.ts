/** After a change of view: say it to who listens, and put the reader at its heading. */

import type { Model } from "../model";

export class Narrator {
  #place: string | null = null;
  #copied: Model["copied"] = null;

  /** `place` names what is shown; `words` is what a screen reader should hear of it. */
  arrive(place: string, words: string): void {
    const isFirst = this.#place === null;
    if (this.#place === place) return;
    this.#place = place;
    announce(words);
    if (!isFirst) document.getElementById("title")?.focus();
  }

  copied(now: Model["copied"], words: (worked: boolean) => string): void {
    if (now !== null && now !== this.#copied) announce(words(now.worked));
    this.#copied = now;
  }
}

/** Into the status region, which is there before its text: only then it is read out. */
function announce(text: string): void {
  const status = document.getElementById("status");
  if (status === null) return;
  // The same words once more are read out only if they are new.
  if (status.textContent === text) status.textContent = "";
  status.textContent = text;
}
