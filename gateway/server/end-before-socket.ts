import { constants, type Http2Session } from 'node:http2';

/**
 * Ends a session of HTTP/2 when its client has ended the connection, which nothing can be answered on then: Node would end the
 * connection first, and the session some turns later.
 *
 * What had come before and was waiting to be read would be read in between. Where a GOAWAY with an error is part of that, Node
 * ends the session without a word to nghttp2, since the connection has gone, and nghttp2 goes on to take requests that nobody
 * else knows of: the first DATA of one aborts the process (`onread->IsFunction()` in `StreamBase::CallJSOnreadMethod`).
 */
export function endBeforeSocket(session: Http2Session): void {
  session.socket.once('end', () => session.destroy());
  // Where the connection has been reset, even the first word about it to nghttp2 has what waits read, in the middle of Node's
  // ending the session: a GOAWAY of this side goes out before anything else then, and no further request is taken.
  session.on('goaway', (code) => {
    if (code !== constants.NGHTTP2_NO_ERROR && !session.destroyed) session.goaway();
  });
}
