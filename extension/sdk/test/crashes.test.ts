/** Contexts that die after any write or request, in what is not a purchase: a restore, and a request for a refund. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PayError } from "../src/errors";
import type { RestoreBy } from "../src/types";
import type { WeChatIntegration } from "../src/wechat_integration";
import { Stage, until } from "./stage";

type Act = (wechat: WeChatIntegration) => Promise<unknown>;

/** How many steps it takes, when nobody dies. */
async function stepsOf(act: Act, stage: Stage): Promise<number> {
  const { wechat, context } = stage.open();
  await act(wechat).catch(expected);
  return context.steps;
}

function expected(error: unknown): void {
  assert.ok(error instanceof PayError && error.code === "takeover_waits", String(error));
}

/** A context that does it and dies after so many steps. */
async function cutShort(act: Act, stage: Stage, diesAfter: number): Promise<void> {
  const { wechat, context } = stage.open(diesAfter);
  await Promise.race([act(wechat).catch(() => undefined), context.death]);
  assert.equal(context.dead, true, `step ${diesAfter} was reached`);
}

async function sold(): Promise<{ readonly shop: Stage; readonly id: string }> {
  const shop = new Stage();
  await shop.bought();
  return { shop, id: [...shop.server.orders.keys()][0] ?? "" };
}

const WAYS: readonly (readonly [string, (id: string) => RestoreBy])[] = [
  ["order number", (id) => ({ orderNumber: `no-${id}` })], ["license key", (id) => ({ licenseKey: `TB1-${id}` })]];

for (const [name, proof] of WAYS) {
  test(`a restore by ${name} that is cut short at any step is done by the next try, with one slot`, async () => {
    const { shop, id } = await sold();
    const restore: Act = (wechat) => wechat.restore(proof(id));
    const steps = await stepsOf(restore, shop.elsewhere());
    assert.ok(steps >= 4, `${steps} steps`);
    for (let diesAfter = 1; diesAfter <= steps; diesAfter += 1) {
      const machine = shop.elsewhere();
      const before = shop.server.leases;
      await cutShort(restore, machine, diesAfter);
      const { wechat } = machine.open();
      await restore(wechat);
      assert.equal(await wechat.isActive("pro"), true);
      assert.equal(await wechat.pendingRestore(), null);
      assert.ok(shop.server.leases - before <= 2, "an answer that was lost is asked for once more");
    }
  });

  test(`a takeover by ${name} that is cut short at any step is asked for once, and done when it is approved`, async () => {
    const { shop, id } = await sold();
    const take: Act = (wechat) => wechat.restore(proof(id), { replaces: "other" });
    shop.server.house = "full";
    const steps = await stepsOf(take, shop.elsewhere());
    assert.ok(steps >= 2, `${steps} steps`);
    for (let diesAfter = 1; diesAfter <= steps; diesAfter += 1) {
      const machine = shop.elsewhere();
      shop.server.house = "full";
      shop.server.takeovers.clear();
      await cutShort(take, machine, diesAfter);
      const { wechat, context } = machine.open();
      // Where nothing was kept the buyer sees nothing that waits, and asks again.
      if (await wechat.pendingRestore() === null) await assert.rejects(take(wechat), { code: "takeover_waits" });
      assert.equal((await wechat.pendingRestore())?.replaces, "other");
      shop.server.house = "approved";
      wechat.startBackground();
      await machine.care(context);
      await until(async () => await wechat.pendingRestore() === null && wechat.isActive("pro"));
      assert.equal(shop.server.takeovers.size, 1);
    }
  });
}

test("an approved takeover whose answer is cut short at any step is done by the next alarm", async () => {
  const { shop, id } = await sold();
  const waiting = async (): Promise<Stage> => {
    const machine = shop.elsewhere();
    shop.server.house = "full";
    await assert.rejects(machine.open().wechat.restore({ licenseKey: `TB1-${id}` }, { replaces: "other" }));
    shop.server.house = "approved";
    return machine;
  };
  const again: Act = (wechat) => wechat.restore({ licenseKey: `TB1-${id}` }, { replaces: "other" });
  const steps = await stepsOf(again, await waiting());
  for (let diesAfter = 1; diesAfter <= steps; diesAfter += 1) {
    const machine = await waiting();
    await cutShort(again, machine, diesAfter);
    const { wechat, context } = machine.open();
    wechat.startBackground();
    await machine.care(context);
    await until(async () => await wechat.pendingRestore() === null && wechat.isActive("pro"));
  }
});

test("a request for a refund that is cut short at any step and repeated makes one refund, under a key that was kept first", async () => {
  const whole = await sold();
  const steps = await stepsOf((wechat) => wechat.requestRefund(whole.id), whole.shop);
  assert.ok(steps >= 5, `${steps} steps`);
  for (let diesAfter = 1; diesAfter <= steps; diesAfter += 1) {
    const { shop, id } = await sold();
    await cutShort((wechat) => wechat.requestRefund(id), shop, diesAfter);
    const [entry] = shop.kept<{ list: readonly { refundKey: string | null }[] }>("past")?.list ?? [];
    if (diesAfter === 1) assert.equal(entry?.refundKey?.length, 43, "kept before anything was sent");
    if (entry?.refundKey != null) {
      for (let more = 0; more < 3; more += 1) await cutShort((wechat) => wechat.requestRefund(id), shop, 1);
    }
    const { wechat } = shop.open();
    // Once the answer was kept, the key is done with: to ask again is a wish of its own, which the server refuses.
    if (entry?.refundKey != null) await wechat.requestRefund(id);
    else await assert.rejects(wechat.requestRefund(id), { reason: "REFUND_EXCEEDS_PAYMENT" });
    assert.equal(shop.server.orders.get(id)?.refundKeys.size, 1, `dies after ${diesAfter}: one refund`);
    assert.equal((await wechat.refresh()).status, "revoked");
  }
});
