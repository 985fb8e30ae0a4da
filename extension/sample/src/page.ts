/** Puts the payment page into its document, with whatever shop it is given. */

import type { Devices } from "../../sdk/src/index";
import { isInPopup } from "./browser";
import { isView, type Model, type View } from "./model";
import { PayApp } from "./pay_app";
import type { Shop } from "./shop_port";
import type { Context } from "./ui/context";
import { Narrator } from "./ui/focus";
import { patch } from "./ui/patch";
import { say, speakPageLanguage } from "./ui/say";
import { pageView } from "./views/page";
import { payAnnouncement } from "./views/pay";

export function startPage(shop: Shop, support: string): PayApp {
  const root = document.querySelector("#app");
  if (root === null) throw new Error("pay.html has no #app");
  speakPageLanguage();
  const inPopup = isInPopup();
  document.documentElement.toggleAttribute("data-popup", inPopup);
  const narrator = new Narrator();
  const app: PayApp = new PayApp(shop, {
    inPopup,
    draw: (model) => draw(root, model, narrator, context),
    navigate: (view, order) => history.pushState(null, "", address(view, order)),
    everySecond: (task) => void setInterval(task, 1000),
    openWindow: () => void shop.openPaymentPage("offer", "window").then(() => window.close()),
  });
  const context: Context = { say, language: say("html_lang"), support, act: app };
  addEventListener("popstate", () => void app.arrive(asked().view, asked().order));
  void app.start(asked().view, asked().order);
  return app;
}

function draw(root: Element, model: Model, narrator: Narrator, context: Context): void {
  const nodes = pageView(model, context);
  patch(root, nodes);
  const heading = root.querySelector("#title")?.textContent ?? "";
  document.title = `${heading} · ${say("name")}`;
  narrator.copied(model.copied, (worked) => say(worked ? "copied" : "copy_failed"));
  forgetOrder(model);
  const isPaying = model.view === "pay" && model.checkout !== null;
  narrator.arrive(placeOf(model),
    isPaying ? payAnnouncement(context, model.checkout) : heading);
}

/** What is over must not begin anew when the page is reloaded. */
function forgetOrder({ view, checkout }: Model): void {
  if (view !== "pay" || !location.search.includes("view=pay")) return;
  if (checkout?.phase === "paid") history.replaceState(null, "", address("license", null));
  if (checkout?.phase === "closed") history.replaceState(null, "", address("offer", null));
}

/** Two models at the same place differ in details only: the reader stays where they are. */
function placeOf(model: Model): string {
  const { view, checkout, restoring, product, devices, history: orders, license } = model;
  const detail = { pay: checkout?.phase ?? "creating", restore: restoring.step, offer: product.status,
    devices: devices.status === "ready" ? placesIn(devices.value) : devices.status,
    history: orders.status, refund: `${orders.status} ${refundsAskedFor(model)}`, license: license.status };
  return `${view} ${detail[view]}`;
}

/** With a device, or a decision that is made, the button goes that the reader was at. */
function placesIn({ list, takeover }: Devices): string {
  return `${list.length} ${takeover?.id ?? ""}`;
}

function refundsAskedFor({ history: orders, refundOf }: Model): number {
  if (orders.status !== "ready") return 0;
  return orders.value.find(({ order }) => order.orderId === refundOf)?.receipt?.refunds.length ?? 0;
}

function asked(): { view: View | null; order: string | null } {
  const parameters = new URLSearchParams(location.search);
  const view = parameters.get("view") ?? location.hash.slice(1);
  return { view: isView(view) ? view : null, order: parameters.get("order") };
}

function address(view: View, order: string | null): string {
  const parameters = new URLSearchParams({ view, ...(order === null ? {} : { order }) });
  return `?${parameters.toString()}`;
}
