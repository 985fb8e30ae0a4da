/** What the sample does: counting for everybody, an outline for who has Reader Pro. */

const CHINESE = /\p{Script=Han}/gu;
const CHINESE_PER_MINUTE = 400;
const WORDS_PER_MINUTE = 230;
const LONGEST_HEADING = 60;
const SENTENCE = /^.+?(?:[。！？!?]|\.(?=\s|$)|$)/u;

export interface Counted { readonly words: number; readonly minutes: number }

/** Chinese is counted by characters, everything else by words. */
export function count(text: string): Counted {
  const characters = text.match(CHINESE)?.length ?? 0;
  const words = text.replace(CHINESE, " ").match(/[\p{L}\p{N}]+(?:['’\-][\p{L}\p{N}]+)*/gu)?.length ?? 0;
  const minutes = characters / CHINESE_PER_MINUTE + words / WORDS_PER_MINUTE;
  return { words: characters + words, minutes: Math.ceil(minutes) };
}

export interface Entry { readonly kind: "heading" | "point"; readonly text: string }

/** Headings as they are, and the first sentence of each paragraph. */
export function outline(text: string): Entry[] {
  const paragraphs = text.split(/\n+/).map((line) => line.trim()).filter((line) => line !== "");
  return paragraphs.map((paragraph) => {
    const isHeading = paragraph.length <= LONGEST_HEADING && !/[。！？.!?;；:：,，]$/u.test(paragraph);
    if (isHeading && paragraphs.length > 1) {
      return { kind: "heading", text: paragraph.replace(/^#+\s*/, "") };
    }
    return { kind: "point", text: SENTENCE.exec(paragraph)?.[0] ?? paragraph };
  });
}
