// Encrypts and signs the inputs with Node's own crypto. Writes wechatpay/inputs/notify_body.json
// and wechatpay/node.json. Keys come from `make_with_openssl.sh keys`.
import { createCipheriv, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(fileURLToPath(import.meta.url)), "wechatpay");
const read = (name) => readFileSync(join(folder, name));
const write = (name, text) => writeFileSync(join(folder, name), text);

const timestamp = "1800000000";
const nonce = "593BEC0C930BF1AFEB40B4A08C8FB242";
const apiV3Key = "TestVectorKeyOfTongbao0123456789";
const resourceNonce = "fdasflkja484";
const associatedData = "transaction";

const lines = (...parts) =>
  Buffer.concat(parts.flatMap((part) => [Buffer.from(part), Buffer.from("\n")]));
const signed = (key, message) =>
  sign("RSA-SHA256", message, read(`keys/${key}_private.pem`)).toString("base64");

const cipher = createCipheriv("aes-256-gcm", Buffer.from(apiV3Key), Buffer.from(resourceNonce));
cipher.setAAD(Buffer.from(associatedData));
const ciphertext = Buffer.concat([
  cipher.update(read("inputs/notify_plaintext.json")),
  cipher.final(),
  cipher.getAuthTag(),
]).toString("base64");

write(
  "inputs/notify_body.json",
  JSON.stringify({
    id: "EV-2027011515595500000000000000000001",
    create_time: "2027-01-15T15:59:56+08:00",
    resource_type: "encrypt-resource",
    event_type: "TRANSACTION.SUCCESS",
    summary: "支付成功",
    resource: {
      original_type: "transaction",
      algorithm: "AEAD_AES_256_GCM",
      ciphertext,
      associated_data: associatedData,
      nonce: resourceNonce,
    },
  }),
);

const query = "/v3/pay/transactions/out-trade-no/TB01ABCDEFGHJKMNPQRSTVWXYZ01234?mchid=1900000001";
const notify = lines(timestamp, nonce, read("inputs/notify_body.json"));
write(
  "node.json",
  JSON.stringify(
    {
      made_by: `Node ${process.version}`,
      timestamp,
      nonce,
      api_v3_key: apiV3Key,
      request_signature: signed(
        "merchant",
        lines("POST", "/v3/pay/transactions/native", timestamp, nonce, read("inputs/request_body.json")),
      ),
      query_signature: signed("merchant", lines("GET", query, timestamp, nonce, "")),
      answer_signature: signed("wechatpay", lines(timestamp, nonce, read("inputs/answer_body.json"))),
      empty_answer_signature: signed("wechatpay", lines(timestamp, nonce, "")),
      notify_signature: signed("wechatpay", notify),
      platform_notify_signature: signed("platform", notify),
    },
    null,
    2,
  ) + "\n",
);
