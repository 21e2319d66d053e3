/** The framing of `multipart/mixed`, one part for each JSON text: https://www.rfc-editor.org/rfc/rfc2046#section-5.1 */
export const multipartMixed = 'multipart/mixed;boundary="graphql"';

export const multipartStart = '\r\n--graphql';

/** Each part is followed by the next boundary at once: clients read a part only when they see where it ends. */
export const multipartPart = (json: string) =>
  `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${json}\r\n--graphql`;

export const multipartEnd = '--\r\n';
