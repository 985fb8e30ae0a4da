/** "Chrome · Windows" for what the SDK calls "chrome/windows"; a line never ends within it. */

import type { Context } from "./context";

const NAMES: Readonly<Record<string, string>> = {
  chrome: "Chrome", chromium: "Chromium", edge: "Edge", firefox: "Firefox", opera: "Opera",
  safari: "Safari", windows: "Windows", macos: "macOS", mac: "macOS", linux: "Linux", android: "Android",
  chromeos: "ChromeOS", cros: "ChromeOS", ios: "iOS" };

export function deviceName({ say }: Pick<Context, "say">, platform: string): string {
  const parts = platform.split("/").filter((part) => part !== "");
  return parts.length === 0 ? say("some_browser")
    : parts.map((part) => NAMES[part.toLowerCase()] ?? part).join("\u00a0·\u00a0");
}
