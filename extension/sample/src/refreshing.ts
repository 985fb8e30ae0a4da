/** How often a screen that opens asks the shop for a fresh license, at most. */
export const ASK_AT_MOST_EVERY_MS = 3_600_000;
