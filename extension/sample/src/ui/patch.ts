/**
 * Brings the document to what a view described, changing only what differs: focus, half-typed
 * Chinese input and running animations survive. Text is always a text node, so nothing that an
 * answer says can become markup.
 */

import type { Child, Properties, Value, VNode } from "./vnode";

const SVG = "http://www.w3.org/2000/svg";
const shown = new WeakMap<Element, Properties>();

export function patch(parent: Element, children: readonly Child[]): void {
  children.forEach((child, place) => {
    const old = parent.childNodes[place];
    const now = old === undefined ? create(parent, child) : changed(parent, old, child);
    if (old === undefined) parent.append(now);
    else if (old !== now) old.replaceWith(now);
  });
  while (parent.childNodes.length > children.length) parent.lastChild?.remove();
}

function changed(parent: Element, old: ChildNode, child: Child): ChildNode {
  if (typeof child === "string") {
    if (!(old instanceof Text)) return create(parent, child);
    if (old.data !== child) old.data = child;
    return old;
  }
  if (!(old instanceof Element) || !isSame(old, child)) return create(parent, child);
  update(old, child);
  return old;
}

function isSame(old: Element, child: VNode): boolean {
  const id = child.properties["id"] ?? "";
  const key = child.properties["key"];
  return old.localName === child.tag && old.id === id && shown.get(old)?.["key"] === key;
}

function create(parent: Element, child: Child): ChildNode {
  if (typeof child === "string") return document.createTextNode(child);
  const isSvg = child.tag === "svg" || parent.namespaceURI === SVG;
  const element = isSvg
    ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
  update(element, child);
  return element;
}

function update(element: Element, { properties, children }: VNode): void {
  const before = shown.get(element) ?? {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(properties)])) {
    if (before[name] !== properties[name]) set(element, name, properties[name]);
  }
  shown.set(element, properties);
  patch(element, children);
}

function set(element: Element, name: string, value: Value): void {
  if (name === "key") return;
  if (name.startsWith("on")) Object.assign(element, { [name]: value ?? null });
  else if (name === "value" && "value" in element) {
    if (element.value !== value) element.value = value ?? "";
  } else if (name === "checked") Object.assign(element, { checked: value === true });
  else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}
