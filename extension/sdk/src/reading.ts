/** Reads JSON that others wrote: each field has the form it must have, or the answer is no answer.
 *  A form is a function; of an object it is the forms of its fields, under the API's names. What is read has
 *  the names of this SDK: `out_trade_no` becomes `outTradeNo`, `paid_at_s` a Date `paidAt`. */
import { PayError } from "./errors";

export type Fields = Readonly<Record<string, unknown>>;
export type Form<T> = (value: unknown) => T;
type Shape = Readonly<Record<string, Form<unknown>>>;

type Camel<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S;
type Name<S extends string> = S extends `${infer A}_s` ? Camel<A> : Camel<S>;
export type Read<S extends Shape> = { readonly [K in keyof S & string as Name<K>]: ReturnType<S[K]> };

export function refuse(what: string): never {
  throw new PayError("bad_response", { message: `not as agreed: ${what}` });
}

export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Fields : refuse("object");
}

export const text: Form<string> = (value) => typeof value === "string" ? value : refuse("text");
export const flag: Form<boolean> = (value) => typeof value === "boolean" ? value : refuse("flag");
export const count: Form<number> = (value) => Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : refuse("count");
/** An instant in seconds. */
export const date: Form<Date> = (value) => new Date(count(value) * 1000);

export function among<const T extends string>(choices: readonly T[]): Form<T> {
  return (value) => choices.includes(value as T) ? value as T : refuse("choice");
}

export function list<T>(form: Form<T>): Form<T[]> {
  return (value) => Array.isArray(value) ? value.map(form) : refuse("list");
}

/** Null stays null; what is missing is not null. */
export function orNull<T>(form: Form<T>): Form<T | null> {
  return (value) => value === null ? null : form(value);
}

export function object<S extends Shape>(shape: S): Form<Read<S>> {
  return (value) => {
    const found = fields(value);
    return Object.fromEntries(Object.entries(shape).map(([name, form]) =>
      [name.replace(/_s$/, "").replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()), form(found[name])])) as Read<S>;
  };
}
