import ExtPay from "./shop.js"; // was: from "extpay"

const extpay = ExtPay("written-for-extensionpay");
extpay.startBackground();

extpay.onPaid.addListener(async (user) => {
  const { thanks = [] } = await chrome.storage.local.get("thanks");
  await chrome.storage.local.set({ thanks: [...thanks, `${user.paid} ${user.paidAt.getTime()}`] });
});
