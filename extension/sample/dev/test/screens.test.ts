import assert from "node:assert/strict";
import { test } from "node:test";
import { findAll, textOf, type VNode } from "../../src/ui/vnode";
import { scenesOf } from "../scenes";
import { messagesOf, Stage } from "./stage";

const scenes = Object.entries(scenesOf(false, Date.now())).filter(([, { view }]) => view !== "popup");
const scene = (name: string): NonNullable<(typeof scenes)[number][1]> => {
  const found = scenes.find(([given]) => given === name)?.[1];
  assert.ok(found, name);
  return found;
};
const tagged = (page: VNode, tag: string): VNode[] => findAll(page, (node) => node.tag === tag);

for (const locale of ["en", "zh_CN", "zh_TW"]) {
  test(`every screen has one heading, ids of its own and all its words in ${locale}`, async () => {
    const messages = messagesOf(locale);
    for (const [name, given] of scenes) {
      const { page } = await Stage.open(given, messages);
      const ids = findAll(page, ({ properties }) => properties["id"] !== undefined).map(({ properties }) => properties["id"]);
      assert.equal(tagged(page, "h1").length, 1, name);
      assert.equal(new Set(ids).size, ids.length, name);
      assert.doesNotMatch(textOf(page), /MISSING|undefined|\$\d|Invalid Date/, name);
    }
  });
}

test("every screen has a way on, but for those that work by themselves", async () => {
  const byItself = ["offer_loading", "creating", "claiming"];
  for (const [name, given] of scenes) {
    const { page } = await Stage.open(given);
    const panel = findAll(page, ({ tag }) => tag === "main")[0] ?? page;
    const ways = [...tagged(panel, "button"), ...tagged(panel, "a")];
    assert.equal(ways.length === 0, byItself.includes(name), name);
  }
});

test("buying takes one click, and the license comes with the next answer", async () => {
  const { checkout, product } = { ...scene("pay"), product: scene("offer").product };
  const stage = await Stage.open({ view: "restore", ...(checkout ? { checkout } : {}), ...(product ? { product } : {}) });
  stage.app.go("pay");
  await stage.settle();
  assert.equal(tagged(stage.page, "svg").some(({ properties }) => properties["role"] === "img"), true);
  await stage.click("check");
  assert.equal(stage.model.checkout?.phase, "paid");
  assert.equal(stage.model.license.status, "active");
  assert.equal(stage.model.paidLate, false);
});

test("opening the page anew with a license does not order once more", async () => {
  const stage = await Stage.open({ ...scene("license"), view: "pay" });
  assert.equal(stage.model.view, "license");
  assert.equal(stage.model.checkout, null);
});

test("an order under way is shown to who asks for the offer", async () => {
  assert.equal((await Stage.open({ ...scene("pay"), view: "offer" })).model.view, "pay");
});

test("a payment for an order that was closed is said to count", async () => {
  const stage = await Stage.open(scene("paid_late"));
  assert.equal(stage.model.paidLate, true);
  assert.match(textOf(stage.page), /counts all the same/);
});

test("the countdown is there near the end only", async () => {
  const timers = async (name: string): Promise<number> => findAll((await Stage.open(scene(name))).page,
    ({ properties }) => properties["role"] === "timer").length;
  assert.equal(await timers("pay"), 0);
  assert.equal(await timers("pay_soon"), 1);
});

test("a code that has ended is not drawn", async () => {
  const codes = async (name: string): Promise<number> => findAll((await Stage.open(scene(name))).page,
    ({ properties }) => properties["class"] === "qr").length;
  assert.equal(await codes("pay_offline"), 1);
  assert.equal(await codes("code_expired"), 0);
});

test("without room the buyer chooses a device, and then waits with a date", async () => {
  const stage = await Stage.open(scene("restore_choose"));
  assert.equal(stage.model.restoring.step, "choosing");
  await stage.click("take-over");
  assert.equal(stage.model.restoring.step, "waiting");
  assert.ok(stage.model.restoring.ripeAt instanceof Date);
});

test("who was refused is told of the license key, unless it was the key that was refused", async () => {
  const told = async (proof: string): Promise<string> => textOf((await Stage.open({ ...scene("restore_barred"),
    steps: [["proof", proof], ["restore-now"], ["take-over"]] })).page);
  assert.match(await told("TB7K2M9QXW4HZN8RVC3JDT5F6A8E0GS"), /Use the license key/);
  const byKey = await told("TB1-7K2M9-QXW4H-ZN8RV-C3JDT");
  assert.match(byKey, /objected to the license key/);
  assert.match(byKey, /Ask the seller/);
});

test("receipts that could not be brought up to date are asked for again", async () => {
  const stage = await Stage.open(scene("history_offline"));
  assert.match(textOf(stage.page), /As last seen/);
  await stage.click("retry");
  assert.match(textOf(stage.page), /Try again/);
  assert.doesNotMatch(textOf((await Stage.open(scene("history"))).page), /Try again/);
});

test("who holds a license and cannot reach the shop sees the license all the same", async () => {
  const stage = await Stage.open({ ...scene("license_server_down"), steps: [] });
  assert.equal(findAll(stage.page, ({ properties }) => properties["role"] === "alert").length, 0);
  assert.match(textOf(stage.page), /Active in this browser/);
});

test("nothing is removed or refunded with the first click", async () => {
  const devices = await Stage.open(scene("devices"));
  await devices.click("ask-d2");
  assert.equal(devices.model.devices.status === "ready" && devices.model.devices.value.list.length, 3);
  await devices.click("remove-d2");
  assert.equal(devices.model.devices.status === "ready" && devices.model.devices.value.list.length, 2);

  const orders = await Stage.open(scene("history"));
  await orders.click("refund-o1");
  assert.equal(orders.addresses.at(-1), "refund o1");
  assert.ok(orders.find("refund-now"));
  await orders.click("refund-now");
  assert.match(textOf(orders.page), /Refund of ¥9.90/);
});
