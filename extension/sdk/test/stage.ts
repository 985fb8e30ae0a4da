/** A browser profile, a server, and integrations in as many contexts as a test wants. */
import { afterEach } from "node:test";
import type { WeChatIntegrationOptions } from "../src/types";
import { WeChatIntegration } from "../src/wechat_integration";
import { Context, Profile } from "./contexts";
import { ISSUER, PRODUCT } from "./mint";
import { BASE, Server } from "./server";

const stages = new Set<Stage>();

/** Pages poll as long as they live, and a process lives as long as they do. */
afterEach(() => {
  for (const { profile } of stages) for (const context of profile.contexts) context.die();
  stages.clear();
});

export class Stage {
  constructor() {
    stages.add(this);
  }

  readonly profile = new Profile();
  readonly server = new Server(this.profile);

  options(): WeChatIntegrationOptions {
    return { apiBase: BASE, product: PRODUCT, issuer: ISSUER, environment: "test", language: "en",
      roots: this.server.roots.map((it) => it.x) };
  }

  /** A new page or worker; it dies after that many writes and requests. */
  open(diesAfter = Infinity): { readonly wechat: WeChatIntegration; readonly context: Context } {
    const context = new Context(this.profile, this.server.fetch, diesAfter);
    return { context, wechat: new WeChatIntegration({ ...this.options(), adapters: context.adapters() }) };
  }

  /** Another machine, of the same server. */
  elsewhere(): Stage {
    const machine = new Stage();
    Object.assign(machine, { server: this.server });
    return machine;
  }

  /** What the alarm for the license starts in this worker. */
  async care({ background }: Context): Promise<void> {
    for (const listener of background.alarm) listener({ name: `tongbao:${PRODUCT}:care` });
    await settled(200);
  }

  /** Somebody who bought it; what is left is the license. */
  async bought(): Promise<{ readonly wechat: WeChatIntegration; readonly context: Context }> {
    const page = this.open();
    const checkout = page.wechat.checkout();
    await reached(checkout, "awaiting_payment");
    this.server.pay();
    await checkout.done;
    return page;
  }

  kept<T = Record<string, unknown>>(place: string): T | null {
    const found = this.profile.stored.get(`tongbao:${PRODUCT}:${place}`);
    return found === undefined ? null : JSON.parse(found) as T;
  }

  keep(place: string, value: object): void {
    this.profile.stored.set(`tongbao:${PRODUCT}:${place}`, JSON.stringify(value));
  }
}

export async function reached(checkout: ReturnType<WeChatIntegration["checkout"]>, phase: string): Promise<ReturnType<WeChatIntegration["checkout"]>["state"]> {
  for await (const state of checkout) if (state.phase === phase) return state;
  throw new Error(`ended in ${JSON.stringify(checkout.state)}, not in ${phase}`);
}

/** Wait until it is so; what never becomes so fails. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let at = 0; at < 20_000; at += 1) {
    if (await isSo()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never became so: ${isSo.toString()}`);
}

/** Let everything that is ready happen. */
export async function settled(rounds = 50): Promise<void> {
  for (let at = 0; at < rounds; at += 1) await new Promise((resolve) => setImmediate(resolve));
}
