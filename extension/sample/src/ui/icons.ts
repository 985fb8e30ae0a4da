/** Decorative line icons on a grid of 20. */

import { h, type VNode } from "./vnode";

const CIRCLE = "M10 2.8a7.2 7.2 0 1 1 0 14.4 7.2 7.2 0 0 1 0-14.4Z";

const PATHS = {
  check: ["M4.5 10.5 8.4 14.4 15.8 6.2"],
  clock: [CIRCLE, "M10 6v4.2l2.7 1.7"],
  alert: [CIRCLE, "M10 6.3v4.4", "M10 13.6v.1"],
  refresh: ["M16 10a6 6 0 1 1-1.9-4.4", "M16.2 2.8v3.4h-3.4"],
  copy: ["M7.5 7.5h8v8.5h-8Z", "M12.5 7.3V4h-8v8.5h2.8"],
  window: ["M8 4.5H4.5v11h11V12", "M11.5 3.8h4.7v4.7", "M16 4 9.5 10.5"],
  device: ["M3.5 4.5h13v8.5h-13Z", "M7 16.2h6", "M10 13v3"],
  key: ["M7.2 6.8a3.7 3.7 0 1 1 0 7.4 3.7 3.7 0 0 1 0-7.4Z", "M10.4 8.7 16.5 4.5M14 6.2l1.7 2.4"],
  receipt: ["M5 2.8h10v14.4l-2.5-1.6-2.5 1.6-2.5-1.6L5 17.2Z", "M7.7 6.7h4.6M7.7 10h4.6"],
  back: ["M12 4.5 6.5 10l5.5 5.5"],
  lock: ["M5 9h10v7.5H5Z", "M7 9V6.5a3 3 0 0 1 6 0V9"],
  pause: ["M7.5 5v10M12.5 5v10"],
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): VNode {
  return h("svg.icon", { viewBox: "0 0 20 20", "aria-hidden": "true", focusable: "false" },
    PATHS[name].map((d) => h("path", { d })));
}
