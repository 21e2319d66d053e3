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
export async function compress(
  body: string,
  acceptEncoding: string | undefined,
  aboveBytes: number,
): Promise<EncodedBody> {
  const bytes = Buffer.from(body);
  const encoding = bytes.length > aboveBytes ? chooseEncoding(acceptEncoding) : undefined;
  if (encoding === 'gzip') return { bytes: await gzipped(bytes), encoding };
  // 4 of 11: denser than gzip's default in about the same time. The default of 11 takes a hundred times as long.
  if (encoding === 'br') {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    return { bytes: await brotlied(bytes, { params }), encoding };
  }
  return { bytes, encoding: undefined };
}

/** RFC 9110, 12.5.3: the coding with the highest weight, Brotli where equal. */
function chooseEncoding(accept: string | undefined): 'br' | 'gzip' | undefined {
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
