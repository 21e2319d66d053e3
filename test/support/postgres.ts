import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';

const debianFolder = '/usr/lib/postgresql/15/bin';
const folder = process.env['PG_BIN'] ?? debianFolder;

/**
 * Starts the server for each line of its standard input. When that ends, because the test has ended, in whatever way, it
 * stops the server and removes the data. `$1` is the program, `$2` the data directory, the rest are the server's settings.
 */
const keeper = `
  program=$1; data=$2; shift 2; server=
  while read -r line; do
    [ -z "$server" ] || wait "$server"
    "$program" -D "$data" "$@" </dev/null & server=$!
  done
  kill -QUIT "$server" 2>/dev/null
  wait "$server"
  cd /; rm -rf "$data"
`;

/** A private PostgreSQL, made from the installed programs, with the durability that a real one has (fsync on). */
export class PostgresCluster {
  readonly #dataDir: string;
  readonly #keeper: ChildProcess;
  readonly port: number;
  #databases = 0;

  private constructor(dataDir: string, port: number) {
    this.#dataDir = dataDir;
    this.port = port;
    const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=on'];
    const args = [join(folder, 'postgres'), dataDir, ...settings.flatMap((setting) => ['-c', setting])];
    this.#keeper = spawn('/bin/sh', ['-c', keeper, 'keeper', ...args], {
      ...unprivileged(),
      cwd: dataDir,
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true, // an interrupt of the test run must reach the keeper as the end of its input, not as a signal
    });
    this.#keeper.unref();
  }

  static async start(): Promise<PostgresCluster> {
    requirePrograms();
    const dataDir = mkdtempSync(join(tmpdir(), 'andon-postgres-'));
    const owner = unprivileged();
    if (owner) chownSync(dataDir, owner.uid, owner.gid);
    const options = ['-D', dataDir, '-U', 'andon', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
    execFileSync(join(folder, 'initdb'), options, { ...owner, stdio: ['ignore', 'ignore', 'inherit'], cwd: dataDir });
    const cluster = new PostgresCluster(dataDir, await freePort());
    await cluster.start();
    return cluster;
  }

  /** Starts the server again after `kill` or `stop`. */
  async start(): Promise<void> {
    this.#keeper.stdin?.write('start\n');
    await this.#until('up');
  }

  /** Kills every process of the server at once, as a power cut or the kernel would. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#until('down');
  }

  /** Stops every process of the server where it is: connections stay, and nobody answers on them until `thaw`. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  /** Ends every session and shuts down, as `systemctl restart` does. */
  async stop(): Promise<void> {
    sendSignal(this.#postmaster(), 'SIGINT');
    await this.#until('down');
  }

  /** Not needed at the end of a test: the server and its data go with the test's process. */
  async dispose(): Promise<void> {
    this.#keeper.stdin?.end();
    if (this.#keeper.exitCode === null) await once(this.#keeper, 'exit');
  }

  /** @returns the URL of a new, empty database */
  async createDatabase(): Promise<string> {
    this.#databases += 1;
    const name = `test_${this.#databases}`;
    const client = new pg.Client(this.#url('postgres'));
    await client.connect();
    await client.query(`create database ${name}`);
    await client.end();
    return this.#url(name);
  }

  #url(database: string): string {
    return `postgres://andon@127.0.0.1:${this.port}/${database}`;
  }

  /** To every process of the server. */
  #signal(signal: NodeJS.Signals): void {
    const postmaster = this.#postmaster();
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(postmaster)], { encoding: 'utf8' });
    for (const pid of [postmaster, ...children.trim().split(/\s+/).map(Number)]) sendSignal(pid, signal);
  }

  #postmaster(): number {
    return Number(readFileSync(join(this.#dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  async #until(state: 'up' | 'down'): Promise<void> {
    for (let attempt = 0; attempt < 3600; attempt += 1) {
      if ((await this.#answers()) === (state === 'up')) return;
      await sleep(25);
    }
    throw new Error(`PostgreSQL on port ${this.port} was not ${state} within 90 s`);
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client(this.#url('postgres'));
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      return false;
    }
  }
}

let shared: Promise<PostgresCluster> | undefined;

/** The cluster of the test files of this process, started when it is first asked for. Who stops it has a process alone. */
export function sharedPostgres(): Promise<PostgresCluster> {
  shared ??= PostgresCluster.start();
  return shared;
}

function requirePrograms(): void {
  const missing = ['initdb', 'postgres'].filter((program) => !existsSync(join(folder, program)));
  if (missing.length === 0) return;
  throw new Error(
    `${missing.join(' and ')} not found in ${folder}. The tests run a private PostgreSQL: ` +
      'install the Debian package "postgresql-15", or set PG_BIN to the folder that has its programs.',
  );
}

/** PostgreSQL refuses to run as root: then the user that its package has made runs it. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}
