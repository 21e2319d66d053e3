/**
 * The bytes of a text message from a server: one final, unmasked frame without extensions (RFC 6455, 5.2). The frame of
 * the last text is kept: an event goes to thousands of clients in a row, and is encoded for the first.
 */
export function createFrameEncoder(): (text: string) => Buffer {
  let lastText: string | undefined;
  let lastFrame: Buffer = Buffer.alloc(0);
  return (text) => {
    if (text !== lastText) {
      lastFrame = encodeFrame(text);
      lastText = text;
    }
    return lastFrame;
  };
}

const finalText = 0x81;

function encodeFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headBytes + length);
  frame[0] = finalText;
  if (headBytes === 2) frame[1] = length;
  else if (headBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headBytes);
  return frame;
}
