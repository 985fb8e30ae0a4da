/** Pieces that several views use. */

import type { Model } from "../model";
import type { Context } from "./context";
import { icon, type IconName } from "./icons";
import { h, type Given, type VNode } from "./vnode";

export function title(text: string, kind = ""): VNode {
  return h(`h1${kind}`, { id: "title", tabindex: "-1" }, text);
}

export interface ButtonOptions {
  readonly id: string;
  readonly kind?: "primary" | "secondary" | "quiet" | "danger";
  readonly icon?: IconName;
  /** What the button says while it is at work. */
  readonly working?: string;
  readonly onclick: () => void;
}

/** Stays focusable while it works, so that the keyboard keeps its place. */
export function button(model: Pick<Model, "busy">, text: string, options: ButtonOptions): VNode {
  const { id, kind = "primary", working = text, onclick } = options;
  const busy = model.busy === id;
  const sign = busy ? h("span.spinner.small", { "aria-hidden": "true", key: "spinner" })
    : options.icon ? icon(options.icon) : null;
  return h(`button.${kind}`, { type: "button", id, "aria-busy": busy ? "true" : null,
    "aria-disabled": model.busy === null ? null : "true",
    onclick: () => { if (model.busy === null) onclick(); } },
    sign, h("span", {}, busy ? working : text));
}

export function copyButton(model: Model, { say, act }: Context, id: string, text: string): VNode {
  const copied = model.copied?.id === id ? model.copied : null;
  const word = copied === null ? say("copy") : say(copied.worked ? "copied" : "copy_failed");
  return h("button.quiet.copy", { type: "button", id, onclick: () => act.copy(id, text) },
    icon(copied?.worked ? "check" : "copy"), h("span", {}, word));
}

export function fact(name: string, ...value: Given[]): VNode {
  return h("div", {}, h("dt", {}, name), h("dd", {}, ...value));
}

/** For what is too long to stand beside its name. */
export function wideFact(name: string, text: string): VNode {
  return h("div.wide", {}, h("dt", {}, name), h("dd", {}, h("code", {}, text)));
}

export function copyableFact(model: Model, context: Context, name: string, id: string, text: string): VNode {
  return h("div.wide", {}, h("dt", {}, name),
    h("dd", {}, h("code", {}, text), copyButton(model, context, id, text)));
}

export function medal(sign: IconName, kind: "good" | "warn" | "calm"): VNode {
  return h("span.medal", { "data-kind": kind }, icon(sign));
}

/** One thing to say, in the middle, with ways on below. */
export function centre(sign: VNode, heading: string, text: string, ...ways: Given[]): VNode {
  return h("div.centre", {}, sign, title(heading), h("p.lead", {}, text), ...ways);
}

export function loading({ say }: Context): VNode[] {
  return [title(say("loading"), ".unseen"),
    h("div.bones", { "aria-hidden": "true", key: "bones" },
      h("div.bone"), h("div.bone"), h("div.bone.short"))];
}

export function note(text: string, sign: IconName = "clock"): VNode {
  return h("p.note", {}, icon(sign), h("span", {}, text));
}
