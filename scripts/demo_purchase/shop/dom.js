// Builds elements. Text is always a text node, so nothing an answer says can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** `h("button.primary", {type: "button", onclick}, "Pay")` */
export function h(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "checked") element.checked = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false));
  return element;
}

const PATHS = {
  check: ["M4.5 10.5 8.4 14.4 15.8 6.2"],
  shield: ["M10 2.2 16.5 4.6V9.4c0 4-2.7 7-6.5 8.4-3.8-1.4-6.5-4.4-6.5-8.4V4.6Z", "M7 9.8l2.2 2.2 4-4.4"],
  phone: ["M6.2 2.5h7.6a1.2 1.2 0 0 1 1.2 1.2v12.6a1.2 1.2 0 0 1-1.2 1.2H6.2A1.2 1.2 0 0 1 5 16.300V3.700A1.2 1.2 0 0 1 6.200 2.500Z", "M9 15h2"],
  refresh: ["M16 10a6 6 0 1 1-1.900-4.400", "M16.200 2.800v3.400h-3.400"],
  clock: ["M10 2.800a7.200 7.200 0 1 1 0 14.400 7.200 7.200 0 0 1 0-14.400Z", "M10 6v4.200l2.700 1.700"],
  alert: ["M10 2.800a7.200 7.200 0 1 1 0 14.400 7.200 7.200 0 0 1 0-14.400Z", "M10 6.300v4.400", "M10 13.600v.1"],
  copy: ["M7.500 7.500h8v8.500h-8Z", "M12.500 7.300V4h-8v8.500h2.800"],
};

/** A decorative line icon. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 20 20", class: "icon",
    "aria-hidden": "true", focusable: "false" })) svg.setAttribute(key, value);
  for (const d of PATHS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
