// A subgraph with one subscription, whose next event is sent by GET /fire. env: PORT
import http from 'node:http';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const schema = buildSchema(
  'type Query { now: String } type Alarm { id: ID! text: String! } type Subscription { alarm: Alarm! }',
);
const waiting = new Set();
let id = 0;

async function* alarms() {
  for (;;) yield { alarm: await new Promise((resolve) => waiting.add(resolve)) };
}

const server = http.createServer((_request, response) => {
  id += 1;
  const alarm = { id: `${id}`, text: 'Line 3 has stopped. '.repeat(20) };
  for (const resolve of waiting) resolve(alarm);
  waiting.clear();
  response.end();
});
const sockets = new WebSocketServer({ server, path: '/graphql' });
useServer({ schema, roots: { subscription: { alarm: alarms } } }, sockets);
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
