/** A purchase comes back on this browser: by the order number of WeChat's bill, or the license key. */

import type { Device, Devices } from "../../../sdk/src/index";
import { proofOf } from "../actions/restoring";
import type { Model } from "../model";
import type { Context } from "../ui/context";
import { deviceName } from "../ui/device_name";
import { formatDay, formatTime } from "../ui/format";
import { WAYS } from "../ui/guidance";
import { button, centre, medal, title } from "../ui/parts";
import { troubleNotice } from "../ui/trouble";
import { h, type VNode } from "../ui/vnode";

export function restoreView(model: Model, context: Context): VNode[] {
  const { step, devices } = model.restoring;
  if (step === "done") return done(model, context);
  if (step === "waiting") return waiting(model, context);
  return step === "choosing" && devices !== null
    ? choosing(model, context, devices) : typing(model, context);
}

function trouble(model: Model, context: Context): VNode[] {
  const { error, typed } = model.restoring;
  if (error === null) return [];
  // Who objected to a number may still own the key; who came with the key has nothing better.
  const isBarredKey = error.code === "restore_barred" && "licenseKey" in proofOf(typed);
  return [troubleNotice(context, error, isBarredKey ? "error_restore_barred_key_text" : undefined)];
}

/** The way on where no other device and no waiting helps. */
function seller({ say, support }: Context, before = ""): VNode {
  return h("p.fine", {}, before, h("a", { href: support, target: "_blank", rel: "noopener" }, say("way_contact")));
}

function sellerAfterTrouble(model: Model, context: Context): VNode[] {
  const { error } = model.restoring;
  return error !== null && WAYS[error.code].includes("contact") ? [seller(context)] : [];
}

function typing(model: Model, context: Context): VNode[] {
  const { say, act } = context;
  const { typed, error } = model.restoring;
  return [
    h("div.intro", {}, title(say("restore_purchase")), h("p.lead", {}, say("restore_lead"))),
    h("form.stack", { novalidate: true, onsubmit: (event) => { event.preventDefault(); act.restore(); } },
      h("label", { for: "proof" }, say("restore_label")),
      h("input", { id: "proof", name: "proof", type: "text", autocomplete: "off",
        autocapitalize: "characters", spellcheck: "false", value: typed,
        placeholder: "TB1-XXXXX-XXXXX-XXXXX-XXXXX", "aria-describedby": "proof-help",
        "aria-invalid": error?.code === "mistyped" ? "true" : null,
        oninput: (event) => act.typeRestore((event.target as HTMLInputElement).value) }),
      h("p.fine", { id: "proof-help" }, say("restore_help")),
      ...trouble(model, context),
      button(model, say("restore_now"), { id: "restore-now", working: say("checking"),
        onclick: act.restore })),
    seller(context, `${say("restore_lost")} `),
  ];
}

function choosing(model: Model, context: Context, devices: Devices): VNode[] {
  const { say, act } = context;
  return [
    h("div.intro", {}, title(say("choose_title")),
      h("p.lead", {}, say("choose_text", String(devices.limit)))),
    h("fieldset.choices", { "aria-labelledby": "title" },
      devices.list.map((device) => choice(model, context, device))),
    ...trouble(model, context), ...sellerAfterTrouble(model, context),
    button(model, say("choose_now"), { id: "take-over", working: say("checking"),
      onclick: act.restore }),
    h("p.fine", {}, say("choose_fine")),
    button(model, say("restore_other"), { id: "restart", kind: "quiet", onclick: act.restartRestore }),
  ];
}

function choice(model: Model, context: Context, device: Device): VNode {
  const { say, act, language } = context;
  const id = `device-${device.id}`;
  return h("label.choice", { for: id, key: device.id },
    h("input", { type: "radio", name: "replace", id, value: device.id,
      checked: model.restoring.replace === device.id, onchange: () => act.chooseDevice(device.id) }),
    h("span.choice-text", {}, h("strong", {}, deviceName(context, device.platform)),
      h("span.fine", {}, say("device_since", formatDay(device.activatedAt, language),
        say(`way_in_${device.way}`)))));
}

function waiting(model: Model, context: Context): VNode[] {
  const { say, act, language } = context;
  const { ripeAt } = model.restoring;
  return [
    centre(medal("clock", "calm"), say("takeover_title"),
      ripeAt === null ? say("takeover_text")
        : say("takeover_text_until", formatTime(ripeAt, language))),
    h("ol.steps", {}, (["takeover_step_1", "takeover_step_2", "takeover_step_3"] as const).map(
      (key) => h("li", {}, say(key)))),
    ...trouble(model, context), ...sellerAfterTrouble(model, context),
    button(model, say("check_again"), { id: "ask-again", icon: "refresh",
      working: say("checking"), onclick: act.restore }),
    button(model, say("restore_other"), { id: "restart", kind: "quiet", onclick: act.restartRestore }),
  ];
}

function done(model: Model, { say, act }: Context): VNode[] {
  return [centre(medal("check", "good"), say("restored_title"), say("ready_text"),
    button(model, say("see_license"), { id: "license", onclick: () => act.go("license") }))];
}
