import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mode, names } from './targets.ts';

export interface Scene {
  /** `bench/federation` of the clone: the peers are installed there. */
  readonly folder: string;
  /** Andon's compiled command line. */
  readonly andon: string;
  /** The composed supergraph, with the addresses of the running subgraphs. */
  readonly supergraph: string;
  readonly temporary: string;
}

export interface Launch {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What each request brings. @default nothing */
  readonly authorization?: string;
}

export interface MeasuredGateway {
  readonly name: string;
  /** Modes that it has a switch for, or that say something about it. */
  readonly modes: readonly Mode[];
  launch(scene: Scene, port: number, mode: Mode): Launch;
}

/** What all answered, in `Scene.temporary`: measured last is who needs it. */
export const answerFile = 'answer.json';

/** What `andon gateway` takes at need, for all: Node's own 16 MB make every gateway copy what is in flight. */
const node = [process.execPath, '--max-semi-space-size=64'];

export const gateways: readonly MeasuredGateway[] = [
  {
    name: names.andon,
    modes: ['off', 'tokens', 'subgraph', 'router'],
    launch({ andon, supergraph, temporary }, port, mode) {
      const config = join(temporary, `andon-${mode}.yaml`);
      const sharesCalls = mode === 'subgraph' || mode === 'router';
      writeFileSync(config, `sharing:\n  router: ${mode === 'router'}\n  subgraph: ${sharesCalls}\n`);
      const args = ['gateway', '--supergraph', supergraph, '--port', `${port}`, '--config', config];
      const argv = [...node, andon, ...args];
      if (mode !== 'tokens') return { argv, env: {} };
      const env = { ANDON_DATA_DIR: join(temporary, 'keys') };
      return { argv: [...argv, '--development-keys'], env, authorization: `Bearer ${createToken(andon, env)}` };
    },
  },
  {
    name: names.apollo,
    modes: ['off', 'router'],
    launch: ({ folder, supergraph }, port) => ({
      argv: [...node, join(folder, 'processes/apollo-gateway.mjs')],
      env: { PORT: `${port}`, SUPERGRAPH: supergraph },
    }),
  },
  {
    name: names.bare,
    modes: ['router'],
    launch: ({ folder, temporary }, port) => ({
      argv: [...node, join(folder, 'processes/bare-server.mjs')],
      env: { PORT: `${port}`, ANSWER: join(temporary, answerFile) },
    }),
  },
  hive(names.hiveStitching, 'stitching'),
  hive(names.hiveRust, 'rust'),
];

function createToken(andon: string, env: Launch['env']): string {
  const args = [andon, 'token', '--role', 'OPERATOR', '--plant', '*'];
  return spawnSync(process.execPath, args, { env: { ...process.env, ...env }, encoding: 'utf8' }).stdout.trim();
}

function hive(name: string, runtime: 'stitching' | 'rust'): MeasuredGateway {
  return {
    name,
    modes: ['off', 'router'],
    launch: ({ folder, supergraph }, port, mode) => ({
      argv: [
        ...node,
        join(folder, 'node_modules/@graphql-hive/gateway/dist/bin.js'),
        'supergraph',
        '--config-path',
        join(folder, 'processes/hive.config.mjs'),
        '--host',
        '127.0.0.1',
        '--port',
        `${port}`,
        '--fork',
        '1',
      ],
      env: { SUPERGRAPH: supergraph, RUNTIME: runtime, SHARE: mode === 'router' ? '1' : '0', NODE_ENV: 'production' },
    }),
  };
}
