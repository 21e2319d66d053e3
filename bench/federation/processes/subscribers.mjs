// Many subscribers on graphql-transport-ws, spoken over bare TCP so that they cost little. argv: port, path, clients,
// fire URL, events. Prints "connected", waits for a line, then fires each event and measures until the last has it.
import net from 'node:net';
import { createInterface } from 'node:readline';

const [port, path, clients, fire, events] = process.argv.slice(2);
const wanted = Number(clients);

/** A masked text frame; the mask is zero, so the payload stays readable. */
function frame(text) {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

const upgrade = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`;
const init = frame('{"type":"connection_init"}');
const subscribe = frame('{"id":"1","type":"subscribe","payload":{"query":"subscription { alarm { id text } }"}}');

let onEvent = () => undefined;

function connect() {
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(upgrade));
    let state = 'upgrading';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      if (state === 'upgrading') {
        state = 'initialising';
        socket.write(init);
        if (!chunk.includes('connection_ack')) return;
      }
      if (state === 'initialising') {
        state = 'subscribed';
        socket.write(subscribe);
        return resolve();
      }
      // Events are small, and are written whole: the last bytes of one end with its closing braces.
      if (chunk[chunk.length - 1] === 0x7d) onEvent();
    });
  });
}

for (let connected = 0; connected < wanted; connected += 100) {
  await Promise.all(Array.from({ length: Math.min(100, wanted - connected) }, connect));
}
console.log('connected');
await new Promise((resolve) => createInterface(process.stdin).once('line', resolve));

const lasts = [];
for (let event = 0; event < Number(events); event += 1) {
  let served = 0;
  const all = new Promise((resolve) => {
    onEvent = () => {
      served += 1;
      if (served === wanted) resolve();
    };
  });
  const started = performance.now();
  await fetch(fire);
  await all;
  lasts.push(performance.now() - started);
}
lasts.sort((a, b) => a - b);
console.log(JSON.stringify({ medianLastMs: lasts[Math.floor(lasts.length / 2)], worstLastMs: lasts.at(-1) }));
process.exit(0);
