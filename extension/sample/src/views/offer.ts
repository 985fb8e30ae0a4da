/** What is for sale, for how much, and on what terms. */

import type { Product } from "../../../sdk/src/index";
import type { Model } from "../model";
import type { Context } from "../ui/context";
import { formatMoney } from "../ui/format";
import { icon } from "../ui/icons";
import { button, loading, title } from "../ui/parts";
import { refundTerms } from "../ui/policy";
import { troubleScreen } from "../ui/trouble";
import { h, type VNode } from "../ui/vnode";

export function offerView(model: Model, context: Context): VNode[] {
  const { product } = model;
  if (product.status === "loading") return loading(context);
  if (product.status === "failed") return troubleScreen(model, context, product.error);
  return offer(model, context, product.value);
}

function offer(model: Model, context: Context, product: Product): VNode[] {
  const { say, act, language } = context;
  const price = formatMoney(product.price, language);
  return [
    h("div.intro", {}, title(product.title), h("p.lead", {}, product.description)),
    h("p.amount", {}, price, " ",
      h("span.per", {}, product.termDays === null ? say("for_ever")
        : say("for_days", String(product.termDays)))),
    h("ul.gets", {}, (["get_instant", "get_offline", "get_devices", "get_private"] as const).map(
      (key) => h("li", {}, icon("check"), h("span", {}, say(key))))),
    h("div.stack", {},
      button(model, say("pay_with_wechat", price), { id: "buy", onclick: act.buy }),
      button(model, say("restore_purchase"),
        { id: "restore", kind: "quiet", onclick: act.restartRestore })),
    h("p.fine.terms", {}, icon("receipt"), h("span", {},
      refundTerms(say, product.refundPolicy, product.price))),
  ];
}
