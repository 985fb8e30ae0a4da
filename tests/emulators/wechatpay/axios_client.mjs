// Places, queries and closes an order with the unmodified npm library wechatpay-axios-plugin.
// Reads its settings as JSON from standard input, writes what it saw as JSON to standard output.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(import.meta.url);
const { Wechatpay, Aes, Rsa, Formatter } = require('wechatpay-axios-plugin');

const given = JSON.parse(readFileSync(0, 'utf8'));
const wxpay = new Wechatpay({
  mchid: given.mchid,
  serial: given.serial,
  privateKey: given.privateKey,
  certs: given.certs,
  baseURL: given.baseURL,
  headers: given.headers,
});

const params = { mchid: given.mchid };
const { out_trade_no } = given.order;
const created = await wxpay.v3.pay.transactions.native.post(given.order);
const queried = await wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$.get({ params, out_trade_no });
const closed = await wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$.close
  .post(params, { out_trade_no });
const refused = await wxpay.v3.pay.transactions.native.post(given.order)
  .then(() => null, ({ response }) => ({ status: response.status, code: response.data.code }));

const { headers, body } = given.notify;
const { resource } = JSON.parse(body);
const genuine = Rsa.verify(
  Formatter.joinedByLineFeed(headers['Wechatpay-Timestamp'], headers['Wechatpay-Nonce'], body),
  headers['Wechatpay-Signature'],
  Rsa.from(given.certs[headers['Wechatpay-Serial']], Rsa.KEY_TYPE_PUBLIC),
);
const told = JSON.parse(Aes.AesGcm.decrypt(
  resource.ciphertext, given.apiV3Key, resource.nonce, resource.associated_data));

process.stdout.write(JSON.stringify({
  codeUrl: created.data.code_url,
  state: queried.data.trade_state,
  closed: closed.status,
  refused,
  genuine,
  told,
}));
