import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/**
 * Has sessions of HTTP/2 read and write their connections as streams of JavaScript.
 *
 * On a TLS socket itself, Node tells a session in the middle of a write that an earlier one has ended. Where that lets go of
 * input which waited for it, nghttp2 is entered while it is at work or while its session is being ended, and what a client
 * sent then aborts the process: `onread->IsFunction()` in `StreamBase::CallJSOnreadMethod`, `NGHTTP2_IB_IGN_ALL` in
 * `nghttp2_session_mem_recv2`, `!current_write_` in `TLSWrap::DoWrite`. A stream's writes end in a turn of their own.
 * What comes is handed over in a turn of its own, too: a write to a TLS socket may have some read.
 */
export function readSessionsAsStreams(server: Server): void {
  const [accept] = server.listeners('secureConnection');
  if (!accept) throw new TypeError('Node takes the connections of this server in another way.');
  server.removeAllListeners('secureConnection').on('secureConnection', (socket: TLSSocket) => {
    accept.call(server, socket.alpnProtocol === 'h2' ? new SessionStream(socket) : socket);
  });
}

/** @returns what stands behind the socket that a request says it has */
export function connectionOf(socket: Socket & { readonly stream?: unknown }): Socket {
  const { stream } = socket;
  return stream instanceof SessionStream ? stream.socket : socket;
}

class SessionStream extends Duplex {
  readonly socket: TLSSocket;
  readonly alpnProtocol = 'h2';
  readonly encrypted = true;
  /** Whether the session waits for more than the connection had. */
  #isAwaited = false;

  constructor(socket: TLSSocket) {
    super({ allowHalfOpen: true });
    this.socket = socket;
    socket.setNoDelay(); // the session asks for it where it knows how
    socket.on('readable', () => this.#isAwaited && this._read());
    socket.once('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.once('close', () => this.destroy());
  }

  override _read(): void {
    const chunk: Buffer | null = this.socket.read();
    this.#isAwaited = chunk === null;
    if (chunk !== null) this.push(chunk);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done);
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}
