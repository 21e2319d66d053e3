import { promisify } from 'node:util';
import { type BrotliDecompress, brotliDecompress, type Gunzip, gunzip } from 'node:zlib';
import { errorCode } from './error-code.ts';

/** Why a packed body cannot be read. */
export class UnpackError extends Error {
  readonly reason: 'unknown coding' | 'too large' | 'not packed';

  constructor(reason: UnpackError['reason'], options?: ErrorOptions) {
    super(`The body cannot be unpacked: ${reason}.`, options);
    this.name = 'UnpackError';
    this.reason = reason;
  }
}

/** Unpacks a body, off the event loop's thread. */
export type Unpack = (bytes: Buffer, maxBytes: number) => Promise<Buffer> | Buffer;

/** @param coding as in the header content-encoding @throws UnpackError, when it is called and when it unpacks */
export function unpackerFor(coding = 'identity'): Unpack {
  const unpack = Object.hasOwn(unpackers, coding.toLowerCase()) && unpackers[coding.toLowerCase()];
  if (unpack) return unpack;
  throw new UnpackError('unknown coding');
}

const unpackGzip = unpackWith(promisify<Buffer, UnpackOptions, Unpacked>(gunzip as unknown as ZlibFunction));

/** The limit holds while unpacking, too: a few kilobytes can unpack to gigabytes. */
const unpackers: Readonly<Record<string, Unpack>> = {
  identity: (bytes) => bytes,
  gzip: unpackGzip,
  // Its older name (RFC 9110, 8.4.1.3).
  'x-gzip': unpackGzip,
  br: unpackWith(promisify<Buffer, UnpackOptions, Unpacked>(brotliDecompress as unknown as ZlibFunction)),
};

/** With `info` the callback gets more than the types of Node say. */
interface UnpackOptions {
  readonly maxOutputLength: number;
  readonly info: true;
}

interface Unpacked {
  readonly buffer: Buffer;
  readonly engine: Gunzip | BrotliDecompress;
}

type ZlibFunction = (
  bytes: Buffer,
  options: UnpackOptions,
  done: (error: Error | null, unpacked: Unpacked) => void,
) => void;

function unpackWith(unpack: (bytes: Buffer, options: UnpackOptions) => Promise<Unpacked>): Unpack {
  return async (bytes, maxBytes) => {
    const { buffer, engine } = await unpack(bytes, { maxOutputLength: maxBytes, info: true }).catch(
      (cause: unknown) => {
        const reason = errorCode(cause) === 'ERR_BUFFER_TOO_LARGE' ? 'too large' : 'not packed';
        throw new UnpackError(reason, { cause });
      },
    );
    // Brotli stops at its end whatever follows.
    if (engine.bytesWritten < bytes.length) throw new UnpackError('not packed');
    return buffer;
  };
}
