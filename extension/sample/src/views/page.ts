/** The frame of the payment page: brand, ways to the other views, and the view itself. */

import type { Model, View } from "../model";
import type { Context } from "../ui/context";
import { h, type VNode } from "../ui/vnode";
import { devicesView } from "./devices";
import { historyView } from "./history";
import { licenseView } from "./license";
import { offerView } from "./offer";
import { payView } from "./pay";
import { refundView } from "./refund";
import { restoreView } from "./restore";

const VIEWS: Readonly<Record<View, (model: Model, context: Context) => VNode[]>> = {
  offer: offerView, pay: payView, license: licenseView, devices: devicesView,
  restore: restoreView, history: historyView, refund: refundView };

export function pageView(model: Model, context: Context): VNode[] {
  return [
    h("header.bar", {},
      h("a.brand", { href: "popup.html" },
        h("img", { src: "icons/coin.svg", alt: "", width: 24, height: 24 }), context.say("name")),
      h("nav", { "aria-label": context.say("sections") }, links(model, context))),
    h("main", { id: "main", "data-view": model.view, key: model.view },
      h("div.panel", {}, VIEWS[model.view](model, context))),
  ];
}

function links(model: Model, { say, act }: Context): VNode[] {
  const owns = model.license.status === "active";
  const views = owns ? ["license", "devices", "history"] as const : ["offer", "restore", "history"] as const;
  return views.map((view) => h("a", { href: `?view=${view}`,
    "aria-current": isIn(model.view, view) ? "page" : null,
    onclick: (event) => { event.preventDefault(); act.go(view); } }, say(`nav_${view}`)));
}

function isIn(shown: View, view: View): boolean {
  return shown === view || (shown === "pay" && view === "offer") || (shown === "refund" && view === "history");
}
