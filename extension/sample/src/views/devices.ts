/** Where the license is in use, who asks for a place, and how to make room. */

import type { Device, Devices, Takeover } from "../../../sdk/src/index";
import type { Model } from "../model";
import type { Context } from "../ui/context";
import { formatDay, formatTime } from "../ui/format";
import { deviceName } from "../ui/device_name";
import { icon } from "../ui/icons";
import { button, loading, title } from "../ui/parts";
import { troubleNotice, troubleScreen } from "../ui/trouble";
import { h, type VNode } from "../ui/vnode";

export function devicesView(model: Model, context: Context): VNode[] {
  const { devices } = model;
  if (devices.status === "loading") return loading(context);
  if (devices.status === "failed") return troubleScreen(model, context, devices.error);
  const { value } = devices;
  const { say } = context;
  return [
    h("div.intro", {}, title(say("devices")),
      h("p.lead", {}, say("devices_count", String(value.list.length), String(value.limit)))),
    ...(value.takeover === null ? [] : [asked(model, context, value, value.takeover)]),
    ...(model.error === null ? [] : [troubleNotice(context, model.error)]),
    h("ul.list", {}, value.list.map((device) => row(model, context, device))),
    h("p.fine", {}, say("devices_fine")),
  ];
}

function asked(model: Model, context: Context, devices: Devices, takeover: Takeover): VNode {
  const { say, act, language } = context;
  const replaced = devices.list.find((device) => device.id === takeover.replaces);
  return h("section.asked", { role: "alert", "aria-labelledby": "asked-title", key: takeover.id },
    h("h2", { id: "asked-title" }, icon("alert"), h("span", {}, say("asked_title"))),
    h("p", {}, say("asked_text", deviceName(context, takeover.platform),
      deviceName(context, replaced?.platform ?? ""), say(`way_in_${takeover.way}`),
      formatTime(takeover.askedAt, language))),
    h("p", {}, say("asked_ripe", formatTime(takeover.ripeAt, language))),
    h("div.row.start", {},
      button(model, say("object"), { id: "object", kind: "danger", working: say("working"),
        onclick: () => act.decide(takeover.id, "object") }),
      button(model, say("approve"), { id: "approve", kind: "secondary", working: say("working"),
        onclick: () => act.decide(takeover.id, "approve") })));
}

function row(model: Model, context: Context, device: Device): VNode {
  const { say, act, language } = context;
  const asking = model.confirming === device.id;
  return h("li.item", { key: device.id },
    h("div.item-head", {}, icon("device"),
      h("p.item-title", {}, deviceName(context, device.platform),
        device.isThis && h("span.chip", {}, say("this_device"))),
      !asking && button(model, say("remove"), { id: `ask-${device.id}`, kind: "quiet",
        onclick: () => act.askToRemove(device.id) })),
    h("p.fine", {}, say("device_since", formatDay(device.activatedAt, language),
      say(`way_in_${device.way}`))),
    asking && confirm(model, context, device));
}

function confirm(model: Model, { say, act, language }: Context, device: Device): VNode {
  return h("div.confirm", { role: "group", "aria-labelledby": `why-${device.id}` },
    h("p", { id: `why-${device.id}` }, say(device.isThis ? "remove_this_text" : "remove_text",
      formatDay(device.darkAt, language))),
    h("div.row.start", {},
      button(model, say("remove_now"), { id: `remove-${device.id}`, kind: "danger",
        working: say("working"), onclick: () => act.removeDevice(device.id) }),
      button(model, say("keep_device"), { id: `keep-${device.id}`, kind: "quiet",
        onclick: () => act.askToRemove(null) })));
}
