/** The license of this browser: what it unlocks and until when; or why it does not, and what helps. */

import type { License, LicenseState, PayErrorCode } from "../../../sdk/src/index";
import type { Model } from "../model";
import type { Context } from "../ui/context";
import { formatDay } from "../ui/format";
import { icon } from "../ui/icons";
import { button, centre, copyableFact, fact, medal, note, title } from "../ui/parts";
import { plainError, troubleNotice, troubleScreen } from "../ui/trouble";
import { h, type VNode } from "../ui/vnode";

const WHY: Readonly<Record<"expired" | "revoked" | "suspended" | "removed", PayErrorCode>> = {
  expired: "license_expired", revoked: "license_revoked",
  suspended: "license_suspended", removed: "device_not_active" };

export function licenseView(model: Model, context: Context): VNode[] {
  const { license } = model;
  const again = { id: "check-license", onclick: context.act.refreshLicense };
  if (license.status === "active") return active(model, context, license);
  if (license.status === "none") return none(model, context);
  const failed = model.error === null ? [] : [troubleNotice(context, model.error)];
  if (license.status === "invalid") {
    return [...troubleScreen(model, context, license.error, again), ...failed];
  }
  return [
    ...troubleScreen(model, context, plainError(WHY[license.status]), again),
    ...failed,
    h("div.row", {}, button(model, context.say("check_license"), { ...again, kind: "quiet",
      icon: "refresh", working: context.say("checking") })),
  ];
}

function none(model: Model, { say, act }: Context): VNode[] {
  return [centre(medal("lock", "calm"), say("no_license_title"), say("no_license_text"),
    button(model, say("see_offer"), { id: "offer", onclick: () => act.go("offer") }),
    button(model, say("restore_purchase"), { id: "restore", kind: "quiet",
      onclick: act.restartRestore }))];
}

type Active = Extract<LicenseState, { status: "active" }>;

function active(model: Model, context: Context, { license, inGrace }: Active): VNode[] {
  const { say, act } = context;
  return [
    h("div.certificate", {},
      h("p.small-title", {}, icon("check"), say("license_active")),
      title(say("pro_name")),
      facts(model, context, license)),
    ...(inGrace ? [note(say("in_grace", formatDay(license.graceEndsAt, context.language)))] : []),
    ...(model.error === null ? [] : [troubleNotice(context, model.error)]),
    h("p.fine", {}, say(license.licenseKey === null ? "key_later" : "keep_key")),
    h("div.pair", {},
      button(model, say("nav_devices"), { id: "devices", kind: "secondary", icon: "device",
        onclick: () => act.go("devices") }),
      button(model, say("nav_history"), { id: "history", kind: "secondary", icon: "receipt",
        onclick: () => act.go("history") })),
    h("div.row", {}, button(model, say("check_license"), { id: "check-license", kind: "quiet",
      icon: "refresh", working: say("checking"), onclick: act.refreshLicense })),
  ];
}

function facts(model: Model, context: Context, license: License): VNode {
  const { say, language } = context;
  return h("dl.facts", {},
    license.endsAt === null ? fact(say("valid"), say("for_ever"))
      : fact(say("valid_until"), formatDay(license.endsAt, language)),
    fact(say("offline_until"), formatDay(license.graceEndsAt, language)),
    license.licenseKey === null ? null
      : copyableFact(model, context, say("license_key"), "copy-key", license.licenseKey));
}
