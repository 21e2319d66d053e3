export type Coding = 'br' | 'gzip';

/**
 * RFC 9110, 12.5.3: the coding with the highest weight, Brotli where equal; undefined where the client takes neither, or
 * says that it would rather have none.
 */
export function chooseCoding(acceptEncoding: string | undefined): Coding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const weights = new Map(acceptEncoding.split(',').map(readWeight));
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get('*') ?? 0;
  const [brotli, gzip] = [weightOf('br'), Math.max(weightOf('gzip'), weights.get('x-gzip') ?? 0)];
  const best = Math.max(brotli, gzip);
  if (best <= 0 || best < (weights.get('identity') ?? 0)) return undefined;
  return brotli >= gzip ? 'br' : 'gzip';
}

function readWeight(part: string): [string, number] {
  const [coding = '', parameter = ''] = part.split(';').map((piece) => piece.trim().toLowerCase());
  const weight = /^q\s*=\s*([\d.]+)$/.exec(parameter)?.[1];
  return [coding, weight === undefined ? 1 : Number(weight)];
}
