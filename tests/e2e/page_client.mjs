// Runs the shop page's own checkout (no DOM) against a running stack: one scenario a process.
// argv: folder of the page as a URL, scenario, JSON {functions, roots, wechatpay}. Prints JSON.

const [page, scenario, given] = process.argv.slice(2);
const { functions, roots, wechatpay } = JSON.parse(given);

const kept = new Map();
globalThis.localStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
  removeItem: (name) => kept.delete(name),
};
globalThis.document = { hidden: false, addEventListener() {}, documentElement: { lang: "zh-CN" } };
globalThis.addEventListener = () => {};

const { Api } = await import(`${page}/api.js`);
const { Checkout } = await import(`${page}/checkout.js`);

/** What leaves the browser, by path. */
const sent = [];
const realFetch = globalThis.fetch;
globalThis.fetch = (url, request) => {
  const { pathname } = new URL(url);
  sent.push([pathname, JSON.stringify([request.headers, request.body ?? ""])]);
  return realFetch(url, request);
};

/** A page load: everything but localStorage is new. */
function open() {
  const checkout = new Checkout(new Api(functions), roots);
  checkout.reached = (...phases) => new Promise((resolve) => {
    const look = () => { if (phases.includes(checkout.phase)) resolve(checkout); };
    checkout.addEventListener("change", look);
    look();
  });
  checkout.start();
  return checkout.reached("choice", "waiting", "licensed", "failed");
}

function control(name, body) {
  return realFetch(`${wechatpay}/_emulator/${name}`, { method: "POST",
    body: JSON.stringify(body) });
}

async function ordered() {
  const checkout = await open();
  checkout.place();
  return checkout.reached("waiting", "failed");
}

const scenarios = {
  async buys() {
    const checkout = await ordered();
    const { claimSecret, order } = checkout.purchase;
    const sentBefore = [...sent];
    await control("pay", { code_url: order.payment.value });
    await checkout.reached("licensed", "failed");
    const calls = sent.length;
    const again = await open();
    return { phase: checkout.phase, entitlements: checkout.verified.claims.ent,
      secretLeftEarly: sentBefore.some(
        ([path, text]) => path === "/v1/orders" && text.includes(claimSecret)),
      phaseAfterReload: again.phase,
      orderCallsAfterReload: sent.slice(calls).filter(([path]) => path !== "/v1/products").length };
  },

  async resumes() {
    const first = await ordered();
    const second = await open();
    return { phase: second.phase, numbers: [first, second].map((each) => each.order.out_trade_no) };
  },

  async recovers() {
    await control("faults", { kind: "system_error", endpoint: "native", times: null });
    const failed = await ordered();
    const { phase, error } = failed;
    await realFetch(`${wechatpay}/_emulator/faults`, { method: "DELETE" });
    failed.retry();
    await failed.reached("waiting");
    const keysSent = sent.filter(([path]) => path === "/v1/orders").map(([, text]) =>
      JSON.parse(text)[0]["Idempotency-Key"]);
    return { phase, code: error.code, orderCalls: keysSent.length,
      keysSent: new Set(keysSent).size, phaseAfterRetry: failed.phase };
  },

  async keepsWhatWasPutAside() {
    const first = await ordered();
    const paidLater = first.purchase;
    await first.startOver();
    first.place();
    await first.reached("waiting");
    const other = first.order.out_trade_no;
    await control("pay", { code_url: paidLater.order.payment.value });
    first.resume(paidLater);
    await first.reached("licensed", "failed");
    return { phase: first.phase, differ: other !== paidLater.order.out_trade_no };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
process.exit(0);
