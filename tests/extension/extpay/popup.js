import ExtPay from "./shop.js"; // was: from "extpay"

const extpay = ExtPay("written-for-extensionpay");
const show = (id, text) => { document.querySelector(id).textContent = text; };

document.querySelector("#pay").addEventListener("click", extpay.openPaymentPage);
document.querySelector("#login").addEventListener("click", extpay.openLoginPage);
document.querySelector("#trial").addEventListener("click", () => extpay.openTrialPage("7-day"));

extpay.getUser().then((user) => {
  const now = new Date();
  const isNew = user.installedAt <= now && now - user.installedAt < 24 * 60 * 60 * 1000;
  if (user.paid) show("#state", `paid at ${user.paidAt.getTime()}`);
  else if (user.trialStartedAt === null) show("#state", isNew ? "new, not paid" : "not paid");
}).catch((error) => show("#state", String(error)));

extpay.getPlans().then(([plan]) => {
  show("#plan", `${plan.nickname}: ${plan.unitAmountCents} ${plan.currency} ${plan.interval} ${plan.intervalCount}`);
}).catch(() => show("#plan", "no plans without a network"));

let heard = 0;
extpay.onPaid.addListener((user) => {
  heard += 1;
  show("#heard", `${heard}: ${user.paid}`);
});
