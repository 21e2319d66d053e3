import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { WholeBody } from '../server/unsent-answers.ts';
import { type Coding, chooseCoding } from './content-coding.ts';

const gzipped = promisify(gzip);
const brotlied = promisify(brotliCompress);

/** A body in the form in which one client gets it. */
export interface EncodedBody extends WholeBody {
  /** Absent where it was not worth it or the client takes none. */
  readonly coding: Coding | undefined;
}

/** The text of an answer, which equal requests are sent one after the other, and the forms it was sent in. */
export class AnswerBody {
  readonly text: string;
  #byteLength: number | undefined;
  #bytes: Buffer | undefined;
  #wasSent = false;
  readonly #packed = new Map<Coding, Promise<Buffer>>();

  constructor(text: string) {
    this.text = text;
  }

  /** Compresses a body of more than `aboveBytes`, off the event loop's thread, by what the client accepts. */
  encode(acceptEncoding: string | undefined, aboveBytes: number): EncodedBody | Promise<EncodedBody> {
    this.#byteLength ??= Buffer.byteLength(this.text);
    const coding = this.#byteLength > aboveBytes ? chooseCoding(acceptEncoding) : undefined;
    if (coding === undefined) return this.#plain(this.#byteLength);
    let packed = this.#packed.get(coding);
    if (!packed) {
      packed = pack(Buffer.from(this.text), coding);
      this.#packed.set(coding, packed);
    }
    return packed.then((content) => ({ content, charset: 'latin1', byteLength: content.length, coding }));
  }

  /** Node writes a text without making a Buffer of it first, and one without other characters than ASCII faster. */
  #plain(byteLength: number): EncodedBody {
    const charset = byteLength === this.text.length ? 'latin1' : 'utf8';
    if (this.#wasSent) this.#bytes ??= Buffer.from(this.text, charset);
    this.#wasSent = true;
    return { content: this.#bytes ?? this.text, charset, byteLength, coding: undefined };
  }
}

function pack(bytes: Buffer, coding: Coding): Promise<Buffer> {
  if (coding === 'gzip') return gzipped(bytes);
  // 4 of 11: denser than gzip's default in about the same time. The default of 11 takes a hundred times as long.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotlied(bytes, { params });
}
