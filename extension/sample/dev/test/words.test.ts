import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CODES } from "../scenes";
import { WAYS } from "../../src/ui/guidance";
import { messagesOf } from "./stage";

const LOCALES = ["zh_CN", "zh_TW", "zh_HK"];
const en = messagesOf("en");
const places = (text = ""): string[] => [...new Set(text.match(/\$\d/g) ?? [])].sort();

for (const locale of LOCALES) {
  test(`${locale} says everything that English says, with the same values in it`, () => {
    const words = messagesOf(locale);
    assert.deepEqual(Object.keys(words), Object.keys(en));
    for (const [key, { message }] of Object.entries(words)) {
      assert.notEqual(message.trim(), "", key);
      assert.deepEqual(places(message), places(en[key]?.message), key);
    }
  });
}

test("Hong Kong has a copy of its own, as browsers do not fall back to Taiwan's", () => {
  assert.deepEqual(messagesOf("zh_HK"), messagesOf("zh_TW"));
});

test("there is no bare zh, which no browser reads", () => {
  const folder = join(process.env["TONGBAO_ROOT"] ?? process.cwd(), "extension", "sample", "_locales");
  assert.deepEqual(readdirSync(folder).sort(), ["en", "zh_CN", "zh_HK", "zh_TW"]);
});

test("the traditional texts hold no character that is only simplified", () => {
  const simplified = /[单许证设备账钱码过联网络请还时间结开关应处发点选择读这个]/u;
  for (const [key, { message }] of Object.entries(messagesOf("zh_TW"))) {
    assert.doesNotMatch(message, simplified, key);
  }
});

test("every error code has a heading, guidance and a way on", () => {
  for (const code of CODES) {
    assert.ok(en[`error_${code}_title`], code);
    assert.ok(en[`error_${code}_text`], code);
    assert.ok(WAYS[code].length > 0, code);
  }
  assert.deepEqual([...CODES].sort(), Object.keys(WAYS).sort());
});

test("nothing speaks of a code that was scanned, which WeChat does not tell", () => {
  for (const locale of ["en", ...LOCALES]) {
    for (const { message } of Object.values(messagesOf(locale))) assert.doesNotMatch(message, /scanned|已扫|已掃|扫码成功|掃碼成功/i);
  }
});
