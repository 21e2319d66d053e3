import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { askAndon, type GraphAnswer, type PersonId, tokenOf } from './andon-process.ts';
import { freePort } from './free-port.ts';
import type { PostgresCluster } from './postgres.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export type SubgraphName = 'erp' | 'mes' | 'qms' | 'cmms' | 'ops';

/** One Andon as larger plants run it: a gateway, five subgraphs and the workflows, each a process, over one PostgreSQL. */
export class SeparateProcesses {
  readonly folder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #gatewayPort: number;
  readonly #children = new Map<string, ChildProcess>();
  readonly #ports = new Map<string, number>();

  private constructor(folder: string, env: Readonly<Record<string, string>>, gatewayPort: number) {
    this.folder = folder;
    this.#env = env;
    this.#gatewayPort = gatewayPort;
  }

  static async start(postgres: PostgresCluster): Promise<SeparateProcesses> {
    const folder = await mkdtemp(join(tmpdir(), 'andon-separate-'));
    const env = {
      DATABASE_URL: await postgres.createDatabase(),
      ANDON_DATA_DIR: folder,
      ANDON_INTERNAL_SECRET: 'a secret that only these processes know',
    };
    const andon = new SeparateProcesses(folder, env, await freePort());
    // One after the other: the first makes the tables.
    for (const name of ['erp', 'mes', 'qms', 'cmms', 'ops'] as const) await andon.startSubgraph(name);
    await andon.#run('gateway', [
      'gateway',
      ...['--supergraph', await andon.#compose()],
      ...['--port', String(andon.#gatewayPort)],
      '--development-keys',
    ]);
    await andon.#run('workflows', ['workflows', '--gateway', andon.url]);
    return andon;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#gatewayPort}/graphql`;
  }

  /** Starts it, again on the address that it had. */
  async startSubgraph(name: SubgraphName): Promise<void> {
    const args = ['subgraph', name, '--port', String(this.#ports.get(name) ?? 0), '--gateway', this.url];
    const output = await this.#run(name, args);
    this.#ports.set(name, Number(/:(\d+)\/graphql/.exec(output)?.[1]));
  }

  /** Pulls the plug of one process. */
  async kill(name: SubgraphName | 'gateway' | 'workflows'): Promise<void> {
    const child = this.#children.get(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async ask(person: PersonId, query: string, variables?: Record<string, unknown>): Promise<GraphAnswer> {
    return this.askWithToken(await tokenOf(person, this.folder), query, variables);
  }

  askWithToken(token: string | null, query: string, variables?: Record<string, unknown>): Promise<GraphAnswer> {
    return askAndon(this.url, token, query, variables);
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#children.keys()].map((name) => this.kill(name as SubgraphName)));
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The graph of this repository, with the addresses that the subgraphs have now. */
  async #compose(): Promise<string> {
    const config = parse(await readFile(join(root, 'supergraph.yaml'), 'utf8'));
    for (const [name, subgraph] of Object.entries<{ routing_url: string; schema: { file: string[] } }>(
      config.subgraphs,
    )) {
      subgraph.routing_url = `http://127.0.0.1:${this.#ports.get(name)}/graphql`;
      subgraph.schema.file = subgraph.schema.file.map((file) => join(root, file));
    }
    const [source, supergraph] = ['supergraph.yaml', 'supergraph.graphql'].map((file) => join(this.folder, file));
    await writeFile(source ?? '', stringify(config));
    const composed = this.#spawn(['compose', '--config', source ?? '', '--output', supergraph ?? '']);
    const [code] = await once(composed, 'exit');
    if (code !== 0) throw new Error('The graph does not compose.');
    return supergraph ?? '';
  }

  #spawn(args: readonly string[]): ChildProcess {
    const inherited = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
    return spawn(process.execPath, [join(root, 'dist', 'cli.js'), ...args], {
      cwd: root,
      env: { ...inherited, LOG_LEVEL: 'error', ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Resolves with the line by which the process says that it is ready. */
  #run(name: string, args: readonly string[]): Promise<string> {
    const child = this.#spawn(args);
    this.#children.set(name, child);
    let output = '';
    return new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`andon ${args.join(' ')} ended with ${code}:\n${output}`)));
      child.stderr?.on('data', (chunk) => {
        output += chunk;
      });
      child.stdout?.on('data', (chunk) => {
        output += chunk;
        if (/^andon [\w ]+: .*http\S+$/m.test(output)) resolve(output);
      });
    });
  }
}
