/** The few things that only a browser can do. */

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** True in the toolbar's popup, which closes as soon as it loses focus. */
export function isInPopup(): boolean {
  return chrome.extension.getViews({ type: "popup" }).includes(window);
}
