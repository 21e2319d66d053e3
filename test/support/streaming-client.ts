import { request as httpRequest, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { Answer } from './federation-gateway.ts';

/** A client of one operation that can stop to read, as one does whose machine is busy or whose line is thin. */
export interface StreamingClient {
  readonly answers: Answer[];
  /** Codes of the errors that ended it, or the close code of its socket. */
  readonly ended: Promise<readonly unknown[]>;
  /** Resolves when it has got so many answers. */
  until(count: number): Promise<void>;
  pause(): void;
  resume(): void;
  close(): void;
}

export interface Subscription {
  readonly url: string;
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly authorization?: string;
}

export type Transport = 'WebSocket' | 'server-sent events' | 'multipart';
export const transports: readonly Transport[] = ['WebSocket', 'server-sent events', 'multipart'];

export function subscribeOver(transport: Transport, subscription: Subscription): Promise<StreamingClient> {
  if (transport === 'WebSocket') return overWebSocket(subscription);
  return overHttp(subscription, transport === 'multipart' ? multipart : eventStream);
}

const codesOf = ({ errors = [] }: Answer) => errors.map(({ extensions }) => extensions?.['code']);

function collect() {
  const answers: Answer[] = [];
  const waiting: (() => void)[] = [];
  let end: (codes: readonly unknown[]) => void = () => undefined;
  const ended = new Promise<readonly unknown[]>((resolve) => {
    end = resolve;
  });
  const take = (answer: Answer) => {
    answers.push(answer);
    for (const wake of waiting.splice(0)) wake();
  };
  const until = async (count: number) => {
    while (answers.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { answers, ended, end, take, until };
}

async function overWebSocket({ url, query, variables, authorization }: Subscription): Promise<StreamingClient> {
  const { answers, ended, end, take, until } = collect();
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(String(data));
    if (type === 'connection_ack') {
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query, variables } }));
    } else if (type === 'next') take(payload);
    else if (type === 'error') end(codesOf({ errors: payload }));
    else if (type === 'complete') end(['complete']);
  });
  socket.on('close', (code) => end([code]));
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.send(JSON.stringify({ type: 'connection_init', ...(authorization && { payload: { authorization } }) }));
  return {
    answers,
    ended,
    until,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.terminate(),
  };
}

interface Format {
  readonly accept: string;
  readonly separator: string;
  /** What one piece between separators says, if anything. */
  read(piece: string): Answer | undefined;
}

const eventStream: Format = {
  accept: 'text/event-stream',
  separator: '\n\n',
  read(piece) {
    const data = /^data: (\{.*\})$/m.exec(piece)?.[1];
    return data === undefined ? undefined : JSON.parse(data);
  },
};

const multipart: Format = {
  accept: 'multipart/mixed;subscriptionSpec=1.0, application/json',
  separator: '\r\n--graphql',
  read(piece) {
    const json = piece.split('\r\n\r\n')[1];
    if (json === undefined || json === '{}') return undefined;
    const { payload, errors } = JSON.parse(json);
    return payload ?? { errors };
  },
};

async function overHttp(subscription: Subscription, { accept, separator, read }: Format): Promise<StreamingClient> {
  const { url, query, variables, authorization } = subscription;
  const { answers, ended, end, take, until } = collect();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { accept, 'content-type': 'application/json', ...(authorization && { authorization }) };
    const sent = httpRequest(url, { method: 'POST', headers }, resolve);
    sent.on('error', reject);
    sent.end(JSON.stringify({ query, variables }));
  });
  let text = '';
  let last: readonly unknown[] = ['complete'];
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    const pieces = text.split(separator);
    text = pieces.pop() ?? '';
    for (const answer of pieces.map(read)) {
      if (!answer) continue;
      if (answer.data == null && answer.errors) last = codesOf(answer);
      else take(answer);
    }
  });
  response.on('error', () => undefined);
  response.on('close', () => end(last));
  return {
    answers,
    ended,
    until,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    close: () => void response.destroy(),
  };
}
