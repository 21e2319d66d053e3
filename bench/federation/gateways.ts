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
}

export interface MeasuredGateway {
  readonly name: string;
  /** Modes that it has a switch for, or that say something about it. */
  readonly modes: readonly Mode[];
  launch(scene: Scene, port: number, mode: Mode): Launch;
}

/** What all answered, in `Scene.temporary`: measured last is who needs it. */
export const answerFile = 'answer.json';

/** What `andon gateway` gives itself, for all: Node's own 16 MB make every gateway copy what is in flight. */
const node = [process.execPath, '--max-semi-space-size=32'];

export const gateways: readonly MeasuredGateway[] = [
  {
    name: names.andon,
    modes: ['off', 'subgraph', 'router'],
    launch({ andon, supergraph, temporary }, port, mode) {
      const config = join(temporary, `andon-${mode}.yaml`);
      writeFileSync(config, `sharing:\n  router: ${mode === 'router'}\n  subgraph: ${mode !== 'off'}\n`);
      const args = ['gateway', '--supergraph', supergraph, '--port', `${port}`, '--config', config];
      return { argv: [...node, andon, ...args], env: {} };
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
