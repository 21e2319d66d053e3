import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { stringify } from 'yaml';
import { composeSources } from '../../gateway/supergraph/compose.ts';
import { readDefinition, type SubgraphDefinition, startSubgraph } from './federation-subgraph.ts';
import { longMs } from './patient-config.ts';
import { steadyTimers } from './steady-time.ts';

const entry = resolve(dirname(fileURLToPath(import.meta.url)), '../../andon.mjs');

/** What came back, of whatever transport: an HTTP status or a close code, and the first error's code. */
export interface Reply {
  readonly status: number;
  readonly code: string | undefined;
  readonly text: string;
}

export interface HttpAttack {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer | undefined;
}

/** A gateway as its users start it, with a file of options, in front of subgraphs on real ports. */
export class AttackTarget {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #close: () => Promise<void>;
  output = '';

  private constructor(port: number, child: ChildProcess, close: () => Promise<void>) {
    this.port = port;
    this.#child = child;
    this.#close = close;
  }

  static async start(
    definitions: Readonly<Record<string, SubgraphDefinition>>,
    config: Readonly<Record<string, unknown>>,
  ): Promise<AttackTarget> {
    const sources = await Promise.all(
      Object.entries(definitions).map(async ([name, definition]) => {
        const subgraph = await startSubgraph(definition);
        return { name, url: subgraph.url, document: readDefinition(definition), subgraph };
      }),
    );
    const folder = mkdtempSync(join(tmpdir(), 'andon-attacks-'));
    writeFileSync(join(folder, 'supergraph.graphql'), composeSources(sources).sdl);
    writeFileSync(join(folder, 'andon.yaml'), stringify(withPatience(config)));
    const args = [
      '--supergraph',
      join(folder, 'supergraph.graphql'),
      '--config',
      join(folder, 'andon.yaml'),
      '--port',
      '0',
    ];
    const child = spawn(process.execPath, [entry, 'gateway', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let port = 0;
    let output = '';
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    for await (const line of createInterface(child.stdout)) {
      const found = /ready at https?:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (found === undefined) continue;
      port = Number(found);
      break;
    }
    if (port === 0) throw new Error(`The gateway did not start: ${output}`);
    const target = new AttackTarget(port, child, async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGTERM');
        await gone;
      }
      await Promise.all(sources.map(({ subgraph }) => subgraph.close()));
      rmSync(folder, { recursive: true, force: true });
    });
    return target;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Milliseconds that a processor has worked for it: what others do on the machine does not count, nor do stalls. */
  get processorMs(): number {
    const [, fields = ''] = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ');
    const [user, system] = fields.split(' ').slice(11, 13).map(Number);
    return 10 * ((user ?? 0) + (system ?? 0));
  }

  close(): Promise<void> {
    return this.#close();
  }

  http({ method = 'POST', path = '/graphql', headers = {}, body }: HttpAttack): Promise<Reply> {
    return new Promise((done, reject) => {
      const sent = httpRequest({
        host: '127.0.0.1',
        port: this.port,
        method,
        path,
        headers: { ...(method === 'POST' && { 'content-type': 'application/json' }), ...headers },
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
          // Streams stay open: what they say first is the answer.
          if (/event-stream|multipart/.test(response.headers['content-type'] ?? '') && text.includes('{')) finish();
        });
        const finish = () => {
          done({ status: response.statusCode ?? 0, code: codeIn(text), text });
          sent.destroy();
        };
        response.on('end', finish).on('error', finish);
      });
      sent.end(body);
    });
  }

  query(query: string, more: object = {}): Promise<Reply> {
    return this.http({ body: JSON.stringify({ query, ...more }) });
  }

  /**
   * Exactly these bytes, on a connection of their own.
   * @param isEnough says of what came whether nothing more has to; before, silence is waited out, however long
   * @returns every status that came back until it closed or fell silent
   */
  async raw(bytes: string | Buffer | readonly (string | Buffer)[], isEnough = isAnswer): Promise<Reply> {
    const socket = await this.connect();
    const parts = Array.isArray(bytes) ? bytes : [bytes];
    for (const part of parts) socket.write(part as string | Buffer);
    const text = await readUntilSilent(socket, isEnough);
    socket.destroy();
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
    return { status: statuses[0] ?? 0, code: codeIn(text), text };
  }

  async connect(): Promise<Socket> {
    const socket = connectTcp(this.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  async socket(protocols: string[] = ['graphql-transport-ws']): Promise<AttackSocket> {
    const socket = new AttackSocket(new WebSocket(`ws://127.0.0.1:${this.port}/graphql`, protocols));
    await socket.opened;
    return socket;
  }

  /** One operation over an acknowledged socket. */
  async overSocket(payload: object): Promise<Reply> {
    const socket = await this.socket();
    await socket.acknowledged();
    socket.send({ type: 'subscribe', id: '1', payload });
    return socket.reply();
  }
}

export class AttackSocket {
  readonly socket: WebSocket;
  readonly opened: Promise<unknown>;
  readonly #gone: Promise<unknown>;
  readonly #messages: { type?: string; id?: string; payload?: unknown }[] = [];
  #closed: number | undefined;
  #wake: () => void = () => undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.opened = once(socket, 'open');
    this.#gone = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      this.#messages.push(JSON.parse(String(data)));
      this.#wake();
    });
    socket.on('close', (code) => {
      this.#closed = code;
      this.#wake();
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /** Says `connection_init` and waits for what comes of it. */
  async acknowledged(): Promise<void> {
    const answered = once(this.socket, 'message');
    this.send({ type: 'connection_init' });
    await Promise.race([answered, this.#gone]);
  }

  /** The first answer to an operation (status 200), or the code with which the socket closed. */
  async reply(): Promise<Reply> {
    for (;;) {
      const answer = this.#messages.find(({ type }) => type === 'next' || type === 'error');
      if (answer || this.#closed !== undefined) {
        const text = JSON.stringify(this.#messages);
        this.socket.terminate();
        return { status: answer ? 200 : (this.#closed ?? 0), code: answer && codeIn(text), text };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function codeIn(text: string): string | undefined {
  return /"code":"([A-Z_]+)"/.exec(text)?.[1];
}

/** What asks in time must not be too late because the machine has stalled. */
const patience: Readonly<Record<string, object>> = {
  http: { headersTimeoutMs: longMs, requestTimeoutMs: longMs },
  subscriptions: { initTimeoutMs: longMs },
  subgraphs: { timeoutMs: longMs, breakerSlowMs: longMs / 2 },
};

function withPatience(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const sections = Object.entries(patience).map(([name, section]) => [name, { ...section, ...(config[name] ?? {}) }]);
  return { ...config, ...Object.fromEntries(sections) };
}

const isAnswer = (text: string) => text.startsWith('HTTP/1.1 ');

/** What comes too late to be heard would be one more answer than there should be. */
const silentMs = 400;

function readUntilSilent(socket: Socket, isEnough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    let cancel: () => void = () => undefined;
    socket.on('data', (chunk) => {
      text += chunk;
      cancel();
      if (isEnough(text)) cancel = steadyTimers.after(silentMs, () => resolve(text));
    });
    socket.on('close', () => {
      cancel();
      resolve(text);
    });
  });
}
