/** A payment page without a browser: the real app and views, a fake shop, one language. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { emptyModel, isView, type Model } from "../../src/model";
import { PayApp } from "../../src/pay_app";
import type { Context } from "../../src/ui/context";
import type { Say } from "../../src/ui/say";
import { findAll, h, type VNode } from "../../src/ui/vnode";
import { pageView } from "../../src/views/page";
import { FakeShop, type Scene } from "../fake_shop";

const ROOT = process.env["TONGBAO_ROOT"] ?? process.cwd();

export type Messages = Readonly<Record<string, { readonly message: string }>>;

export function messagesOf(locale: string): Messages {
  const path = join(ROOT, "extension", "sample", "_locales", locale, "messages.json");
  return JSON.parse(readFileSync(path, "utf8")) as Messages;
}

export function sayIn(messages: Messages): Say {
  return (key, ...values) => (messages[key]?.message ?? `MISSING ${key}`)
    .replace(/\$(\d)/g, (_, place: string) => values[Number(place) - 1] ?? "");
}

export class Stage {
  readonly app: PayApp;
  readonly addresses: string[] = [];
  model: Model = emptyModel("license", 0);

  private constructor(readonly shop: FakeShop, private readonly say: Say) {
    this.app = new PayApp(shop, { inPopup: false, draw: (model) => { this.model = model; },
      navigate: (view, order) => { this.addresses.push(order === null ? view : `${view} ${order}`); },
      openWindow: () => undefined, everySecond: () => undefined });
  }

  static async open(scene: Scene, messages = messagesOf("en")): Promise<Stage> {
    const stage = new Stage(new FakeShop(scene), sayIn(messages));
    const view = scene.view ?? null;
    await stage.app.start(isView(view) ? view : null, scene.order ?? null);
    await stage.settle();
    for (const [id, typed] of scene.steps ?? []) await stage.click(id, typed);
    return stage;
  }

  get page(): VNode {
    const context: Context = { say: this.say, language: this.say("html_lang"),
      support: "mailto:help@shop.example", act: this.app };
    return h("body", {}, pageView(this.model, context));
  }

  find(id: string): VNode | undefined {
    return findAll(this.page, ({ properties }) => properties["id"] === id)[0];
  }

  /** Clicks a button, or types into a field. */
  async click(id: string, typed?: string): Promise<void> {
    const name = typed === undefined ? "onclick" : "oninput";
    const handler = this.find(id)?.properties[name];
    if (typeof handler !== "function") throw new Error(`nothing to ${name} at ${id}`);
    handler({ target: { value: typed }, preventDefault: () => undefined } as unknown as Event);
    await this.settle();
  }

  /** Until every answer of the fake has been drawn. */
  async settle(): Promise<void> {
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}
