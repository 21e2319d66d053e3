import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Federation, startFederation } from '../support/federation-gateway.ts';
import { catalogue } from '../support/federation-shop.ts';
import { patientConfig } from '../support/patient-config.ts';
import { steadyClock } from '../support/steady-time.ts';

let federation: Federation;
afterEach(() => federation.close());

const mutation = 'mutation { rename(id: "p1", name: "Desk") { name } }';
const renamed = { data: { rename: { name: 'Desk' } } };

/** A gateway whose only subgraph has got a mutation when `arrived` resolves, and answers it at `release`. */
async function start(drainTimeoutMs: number) {
  const http = { ...patientConfig.http, drainTimeoutMs };
  federation = await startFederation({ catalogue: catalogue() }, { config: { http } });
  let release = () => {};
  const arrived = new Promise<void>((resolve) => {
    federation.subgraphs['catalogue']?.answerWith((response) => {
      release = () => void response.end(JSON.stringify(renamed));
      resolve();
    });
  });
  return { arrived, release: () => release() };
}

/** Stops the gateway; resolves when it has told its clients: with them it lets go of connections without a request. */
async function beginToStop(): Promise<{ stopped: Promise<void> }> {
  const { port, hostname } = new URL(federation.url);
  const idle = connect(Number(port), hostname).resume();
  await once(idle, 'connect');
  const stopped = federation.gateway.drain();
  await once(idle, 'close');
  return { stopped };
}

async function openSocket() {
  const socket = new WebSocket(federation.url.replace('http', 'ws'), 'graphql-transport-ws');
  const messages: { type: string; id?: string; payload?: unknown }[] = [];
  socket.on('message', (data) => void messages.push(JSON.parse(String(data))));
  const send = (message: object) => socket.send(JSON.stringify(message));
  await once(socket, 'open');
  send({ type: 'connection_init' });
  await once(socket, 'message');
  return { socket, messages, send };
}

const post = (query: string, headers: Record<string, string>, extensions = {}) =>
  fetch(federation.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, extensions }),
  });

test('a mutation over a WebSocket is answered before a stopping gateway closes it: its client would send it again', async () => {
  const { arrived, release } = await start(10_000);
  const { socket, messages, send } = await openSocket();
  send({ type: 'subscribe', id: 'm', payload: { query: mutation } });
  await arrived;
  const { stopped } = await beginToStop();
  send({ type: 'subscribe', id: 'late', payload: { query: '{ __typename }' } });
  await once(socket, 'message');
  release();
  const [code] = await once(socket, 'close');
  expect(code).toBe(1012);
  expect(messages.slice(1)).toMatchObject([
    { type: 'error', id: 'late', payload: [{ extensions: { code: 'GATEWAY_STOPPING', retryable: true } }] },
    { type: 'next', id: 'm', payload: renamed },
    { type: 'complete', id: 'm' },
  ]);
  await stopped;
});

test('the answer to a request that ran when the stop began says that its connection ends', async () => {
  const { arrived, release } = await start(10_000);
  const answer = post(mutation, {});
  await arrived;
  const { stopped } = await beginToStop();
  release();
  const { headers } = await answer;
  expect(headers.get('connection')).toBe('close');
  await stopped;
});

test('of requests that were sent at once, a stopping gateway says so with the last answer', async () => {
  const { arrived, release } = await start(10_000);
  const { port } = new URL(federation.url);
  const socket = connect(Number(port), '127.0.0.1').setEncoding('utf8');
  const send = (query: string) => {
    const body = JSON.stringify({ query });
    const head = 'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
    socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
  };
  send(mutation);
  await arrived;
  const stopped = federation.gateway.drain();
  send('{ __typename }');
  send('{ a: __typename }');
  await beginToStop();
  release();
  let answers = '';
  for await (const text of socket) answers += text;
  expect(answers).toContain('"rename":{"name":"Desk"}');
  expect(answers).toContain('{"a":"Query"}');
  expect([...answers.matchAll(/^connection: (.*)\r$/gim)].map(([, value]) => value)).toEqual([
    'keep-alive',
    'keep-alive',
    'close',
  ]);
  await stopped;
});

test('a mutation over server-sent events on a connection of its own is answered before the gateway stops', async () => {
  const { arrived, release } = await start(10_000);
  const stream = await post(mutation, { accept: 'text/event-stream' });
  await arrived;
  const { stopped } = await beginToStop();
  release();
  expect(await stream.text()).toMatch(
    /event: next\ndata: \{"data":\{"rename":\{"name":"Desk"\}\}.*\n\nevent: complete/,
  );
  await stopped;
});

test('a mutation over an event stream for many is answered before the gateway stops', async () => {
  const { arrived, release } = await start(10_000);
  const token = await (await fetch(federation.url, { method: 'PUT' })).text();
  const headers = { 'x-graphql-event-stream-token': token };
  const stream = await fetch(federation.url, { headers: { ...headers, accept: 'text/event-stream' } });
  expect((await post(mutation, headers, { operationId: 'm' })).status).toBe(202);
  await arrived;
  const { stopped } = await beginToStop();
  release();
  expect(await stream.text()).toMatch(
    /"id":"m","payload":\{"data":\{"rename".*\n\nevent: complete\ndata: \{"id":"m"\}/,
  );
  await stopped;
});

test('what is never answered, and a client that does not let go of its WebSocket, hold a stop up no longer than the drain', async () => {
  const { arrived } = await start(300);
  const { socket, send } = await openSocket();
  const mute = await openSocket();
  mute.socket.pause();
  send({ type: 'subscribe', id: 'm', payload: { query: mutation } });
  await arrived;
  const startedAt = steadyClock.monotonic();
  const closed = once(socket, 'close');
  await federation.gateway.drain();
  expect(steadyClock.monotonic() - startedAt).toBeLessThan(20_000);
  expect((await closed)[0]).toBe(1012);
  mute.socket.terminate();
});
