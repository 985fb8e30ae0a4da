import assert from "node:assert/strict";
import { test } from "node:test";
import { proofOf } from "../../src/actions/restoring";
import { count, outline } from "../../src/reader";
import { formatCountdown, formatMoney } from "../../src/ui/format";

test("Chinese counts by characters, other languages by words", () => {
  assert.deepEqual(count("你好 hello brave-new world's"), { words: 5, minutes: 1 });
  assert.deepEqual(count(""), { words: 0, minutes: 0 });
});

test("the outline keeps headings, and the first sentence of each paragraph", () => {
  assert.deepEqual(outline("Why\nIt is 3.5 times faster. Really.\n怎么做\n先看标题。再读。"), [
    { kind: "heading", text: "Why" }, { kind: "point", text: "It is 3.5 times faster." },
    { kind: "heading", text: "怎么做" }, { kind: "point", text: "先看标题。" }]);
});

test("one field takes both proofs", () => {
  assert.deepEqual(proofOf(" tb1-7K2M9 "), { licenseKey: "tb1-7K2M9" });
  assert.deepEqual(proofOf("TBI-7K2M9-QXW4H-ZN8RV-C3JDT"), { licenseKey: "TBI-7K2M9-QXW4H-ZN8RV-C3JDT" });
  const number = "TB1K2M9QXW4HZN8RVC3JDT5F6A01234";
  assert.deepEqual(proofOf(number), { orderNumber: number });
});

test("amounts and times read as they should", () => {
  assert.equal(formatMoney({ amountMinor: 990, currency: "CNY" }, "zh-CN"), "¥9.90");
  assert.equal(formatCountdown(299_100), "5:00");
  assert.equal(formatCountdown(-1), "0:00");
});
