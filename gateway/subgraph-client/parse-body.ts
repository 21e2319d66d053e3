/** @returns undefined where the text is no JSON */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // RFC 8259, 8.1: nobody may write a byte order mark, and whoever reads may ignore one.
    return text.startsWith('\ufeff') ? parseBody(text.slice(1)) : undefined;
  }
}
