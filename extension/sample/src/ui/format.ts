/** Amounts, dates and durations in the words of the page's language. */

import type { Money } from "../../../sdk/src/index";

/** "¥9.90" */
export function formatMoney({ amountMinor, currency }: Money, language: string): string {
  const format = new Intl.NumberFormat(language, {
    style: "currency", currency, currencyDisplay: "narrowSymbol" });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amountMinor / 10 ** digits);
}

/** "November 23, 2026" */
export function formatDay(date: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(date);
}

/** "Nov 23, 2026, 6:11 AM" */
export function formatTime(date: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** "4:59" */
export function formatCountdown(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
