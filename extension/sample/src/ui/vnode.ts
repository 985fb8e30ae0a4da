/** What a view returns: a plain description of elements, so that views are pure and need no browser. */

export type Child = VNode | string;
export type Given = Child | null | false | readonly Given[];
export type Handler = (event: Event) => void;
export type Value = string | number | boolean | null | undefined | Handler;
export type Properties = Readonly<Record<string, Value>>;

export interface VNode {
  readonly tag: string;
  readonly properties: Properties;
  readonly children: readonly Child[];
}

/** `h("button.primary", { type: "button", onclick }, "Pay")`; null and false stand for nothing. */
export function h(name: string, properties: Properties = {}, ...children: Given[]): VNode {
  const [tag = "div", ...classes] = name.split(".");
  return {
    tag,
    properties: classes.length === 0 ? properties : { class: classes.join(" "), ...properties },
    children: flat(children),
  };
}

function flat(given: readonly Given[]): Child[] {
  return given.flatMap((child): Child[] => {
    if (child === null || child === false) return [];
    if (typeof child === "string") return [child];
    return isList(child) ? flat(child) : [child];
  });
}

function isList(child: VNode | readonly Given[]): child is readonly Given[] {
  return Array.isArray(child);
}

/** Everything a reader would see or hear, in order: for tests. */
export function textOf(node: Child): string {
  return typeof node === "string" ? node : node.children.map(textOf).join(" ");
}

/** Every node that fits, in order: for tests. */
export function findAll(node: Child, fits: (node: VNode) => boolean): VNode[] {
  if (typeof node === "string") return [];
  const below = node.children.flatMap((child) => findAll(child, fits));
  return fits(node) ? [node, ...below] : below;
}
