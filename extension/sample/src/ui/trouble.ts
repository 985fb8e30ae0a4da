/** What went wrong, what it means for the buyer, and a way on: as a screen, or beside a button. */

import type { PayErrorCode, PayErrorShape } from "../../../sdk/src/index";
import type { Model } from "../model";
import type { Context } from "./context";
import { type Way, WAYS } from "./guidance";
import { icon } from "./icons";
import { button, medal, title, type ButtonOptions } from "./parts";
import type { MessageKey } from "./say";
import { h, type VNode } from "./vnode";

type Retry = Pick<ButtonOptions, "id" | "onclick">;

/** The whole view is about this error. */
export function troubleScreen(
  model: Model, context: Context, error: PayErrorShape, retry?: Retry,
): VNode[] {
  const { code } = error;
  return [h("div.centre", { role: "alert" },
    medal("alert", "warn"),
    title(context.say(`error_${code}_title`)),
    h("p.lead", {}, explain(context, error)),
    WAYS[code].map((way, place) => way !== undefined
      && wayOn(model, context, way, error, place === 0 ? "primary" : "quiet", retry)),
    reference(context, error))];
}

/** Beside the thing that was clicked; the view stays. */
export function troubleNotice({ say }: Context, error: PayErrorShape,
  text: MessageKey = `error_${error.code}_text`): VNode {
  return h("div.notice", { role: "alert" }, icon("alert"),
    h("p", {}, h("strong", {}, say(`error_${error.code}_title`)), " ",
      explain({ say }, error, text)));
}

/** What no waiting mends is not counted down: a refused restore would be told its 90 days in seconds. */
function explain({ say }: Pick<Context, "say">, { code, retryable, retryAfterMs }: PayErrorShape,
  key: MessageKey = `error_${code}_text`): string {
  const text = say(key);
  return retryAfterMs === null || !retryable ? text
    : `${text} ${say("retry_in", String(Math.ceil(retryAfterMs / 1000)))}`;
}

function wayOn(
  model: Model, { say, act, support }: Context, way: Way, error: PayErrorShape,
  kind: "primary" | "quiet", retry?: Retry,
): VNode {
  if (way === "contact") {
    return h(`a.${kind}`, { id: "contact", href: contactAddress(support, error),
      target: "_blank", rel: "noopener" }, say("way_contact"));
  }
  const click = { retry: retry?.onclick ?? act.reload, buy: act.orderAgain,
    restore: act.restartRestore, devices: () => act.go("devices"),
    history: () => act.go("history") }[way];
  const id = way === "retry" ? retry?.id ?? "retry" : way;
  return button(model, say(`way_${way}`), { id, kind, onclick: click,
    ...(way === "retry" ? { icon: "refresh" as const } : {}) });
}

function contactAddress(support: string, { code, requestId }: PayErrorShape): string {
  if (!support.startsWith("mailto:")) return support;
  return `${support}?subject=${encodeURIComponent([code, requestId ?? ""].join(" ").trim())}`;
}

/** Only what the seller can look up is worth showing. */
function reference({ say }: Context, { requestId }: PayErrorShape): VNode | null {
  return requestId === null ? null
    : h("p.fine", {}, say("reference"), " ", h("code", {}, requestId));
}

/** An error of our own making, for states that are no answer of the server. */
export function plainError(code: PayErrorCode): PayErrorShape {
  return { code, message: code, messageZh: null, retryable: true, retryAfterMs: null, requestId: null,
    reason: null, devices: null };
}
