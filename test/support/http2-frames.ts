/** Frames of HTTP/2 (RFC 9113, 4.1), also such as no client should send. */
export const frameTypes = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const endStream = 1;
const endHeaders = 4;

export function frame(
  type: keyof typeof frameTypes,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(frameTypes[type], 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** @param words of 32 bits */
export function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, 4 * index);
  return buffer;
}

/** Settings by their number (RFC 9113, 6.5.2). */
export function settings(values: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = values.map(([id, value]) => Buffer.concat([Buffer.from([0, id]), words(value)]));
  return frame('settings', 0, 0, Buffer.concat(payload));
}

/** A GraphQL request over POST. @param body not given: it is announced, and does not come */
export function graphqlRequest(stream: number, authority: string, body?: string): Buffer {
  const head = [
    [':method', 'POST'],
    [':path', '/graphql'],
    [':scheme', 'https'],
    [':authority', authority],
    ['content-type', 'application/json'],
  ].map(([name = '', value = '']) => Buffer.concat([Buffer.from([0]), text(name), text(value)]));
  const headers = frame('headers', endHeaders, stream, Buffer.concat(head));
  return body === undefined ? headers : Buffer.concat([headers, frame('data', endStream, stream, Buffer.from(body))]);
}

/** As HPACK has it (RFC 7541, 5.2), up to 126 bytes, not compressed. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}
