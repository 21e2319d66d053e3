// Many subscribers on graphql-transport-ws, spoken over bare TCP so that they cost little. argv: port, path, clients,
// fire URL. Prints "connected" when each has got an event; then, for each line that it reads, fires an event and prints
// the milliseconds until the last has it.
import net from 'node:net';
import { createInterface } from 'node:readline';

const [port, path, clients, fire] = process.argv.slice(2);
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
/** The sources number their events from 1 on. */
let fired = 0;
let awaited = '';

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
      // Events are small, and are written whole. A late one of an earlier firing is not this one.
      if (chunk.includes(awaited)) onEvent();
    });
  });
}

for (let connected = 0; connected < wanted; connected += 100) {
  await Promise.all(Array.from({ length: Math.min(100, wanted - connected) }, connect));
}

/** @returns milliseconds until the last has the next event; undefined where not all of them have it within `limitMs` */
async function measureEvent(limitMs) {
  fired += 1;
  awaited = `"alarm":{"id":"${fired}"`;
  let served = 0;
  const all = new Promise((resolve) => {
    const tooLate = setTimeout(resolve, limitMs);
    onEvent = () => {
      served += 1;
      if (served < wanted) return;
      clearTimeout(tooLate);
      resolve(performance.now());
    };
  });
  const started = performance.now();
  await fetch(fire);
  const ended = await all;
  return ended === undefined ? undefined : ended - started;
}

// Some subscriptions may still be on their way.
while ((await measureEvent(5_000)) === undefined);
console.log('connected');
for await (const _line of createInterface(process.stdin)) console.log(await measureEvent(60_000));
