// The measure of the fan-out: `ws` alone, sending to every client the bytes that a gateway would. GET /fire. env: PORT
import http from 'node:http';
import { WebSocketServer } from 'ws';

let id = 0;
const server = http.createServer((_request, response) => {
  id += 1;
  const alarm = { id: `${id}`, text: 'Line 3 has stopped. '.repeat(20) };
  const bytes = Buffer.from(JSON.stringify({ id: '1', type: 'next', payload: { data: { alarm } } }));
  for (const client of sockets.clients) client.send(bytes, { binary: false });
  response.end();
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket) =>
  socket.on('message', (data) => {
    if (String(data).includes('connection_init')) socket.send('{"type":"connection_ack"}');
  }),
);
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
