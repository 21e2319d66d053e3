import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const gzipped = promisify(gzip);
const brotlied = promisify(brotliCompress);

export interface EncodedBody {
  readonly bytes: Buffer;
  /** Absent where it was not worth it or the client takes none. */
  readonly encoding: 'br' | 'gzip' | undefined;
}

/** Compresses a body of more than `aboveBytes`, off the event loop's thread, by what the client accepts. */
export function compress(
  body: string,
  acceptEncoding: string | undefined,
  aboveBytes: number,
): EncodedBody | Promise<EncodedBody> {
  if (body !== last.body) last = { body, bytes: Buffer.from(body), encoded: new Map() };
  const { bytes, encoded } = last;
  const encoding = bytes.length > aboveBytes ? chooseEncoding(acceptEncoding) : undefined;
  if (encoding === undefined) return { bytes, encoding };
  let made = encoded.get(encoding);
  if (!made) {
    made = encode(bytes, encoding);
    encoded.set(encoding, made);
  }
  return made.then((packed) => ({ bytes: packed, encoding }));
}

/** Clients whose equal queries shared one answer are sent the very same text one after the other. */
let last = { body: '', bytes: Buffer.alloc(0), encoded: new Map<string, Promise<Buffer>>() };

function encode(bytes: Buffer, encoding: 'br' | 'gzip'): Promise<Buffer> {
  if (encoding === 'gzip') return gzipped(bytes);
  // 4 of 11: denser than gzip's default in about the same time. The default of 11 takes a hundred times as long.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotlied(bytes, { params });
}

/** RFC 9110, 12.5.3: the coding with the highest weight, Brotli where equal. */
export function chooseEncoding(accept: string | undefined): 'br' | 'gzip' | undefined {
  if (accept === undefined) return undefined;
  const weights = new Map(accept.split(',').map(readWeight));
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get('*') ?? 0;
  const [brotli, gzip] = [weightOf('br'), Math.max(weightOf('gzip'), weights.get('x-gzip') ?? 0)];
  if (brotli <= 0 && gzip <= 0) return undefined;
  return brotli >= gzip ? 'br' : 'gzip';
}

function readWeight(part: string): [string, number] {
  const [coding = '', parameter = ''] = part.split(';').map((piece) => piece.trim().toLowerCase());
  const weight = /^q\s*=\s*([\d.]+)$/.exec(parameter)?.[1];
  return [coding, weight === undefined ? 1 : Number(weight)];
}
