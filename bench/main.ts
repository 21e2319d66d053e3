import { parseOptions } from '../runtime/parse-options.ts';
import { UsageError } from '../runtime/usage-error.ts';
import { AndonProcess } from '../test/support/andon-process.ts';
import { PostgresCluster } from '../test/support/postgres.ts';
import { measureDashboardQuery } from './dashboard-query.ts';
import { measureHoldDelivery } from './hold-delivery.ts';
import { residentMiB, round } from './measure.ts';
import { readNumber } from './read-number.ts';
import { measureTransitions } from './transitions.ts';

const help = `andon bench: measures Andon on this machine, on SQLite and on PostgreSQL.

  --seconds N     length of each load (default: 10)
  --only DIALECT  sqlite or postgres (default: both)
  --help          this text

Prints requests per second and processor time per request for a dashboard query that joins all four systems,
transitions per second, the time from placeHold's answer to the event at 1 and at 1,000 subscribers, the start-up
time and the memory at rest. PostgreSQL's programs must be installed: it runs a private cluster.
`;

type Dialect = 'sqlite' | 'postgres';

export async function runBenchCommand(argv: string[]): Promise<void> {
  const { values } = parseOptions({
    args: argv,
    options: {
      seconds: { type: 'string', default: '10' },
      only: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const seconds = readNumber('--seconds', values.seconds, { min: 1, max: 3600 });
  const dialects = (['sqlite', 'postgres'] as const).filter((dialect) => !values.only || values.only === dialect);
  if (dialects.length === 0) throw new UsageError(`--only is "${values.only}". Write sqlite or postgres.`);
  for (const dialect of dialects) await measureDialect(dialect, seconds);
}

async function measureDialect(dialect: Dialect, seconds: number): Promise<void> {
  const postgres = dialect === 'postgres' ? await PostgresCluster.start() : null;
  const env: Record<string, string> = postgres ? { DATABASE_URL: await postgres.createDatabase() } : {};
  const started = performance.now();
  const andon = await AndonProcess.start({ env });
  const startUpMs = round(performance.now() - started);
  try {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    report(dialect, 'start-up', { firstStartMs: startUpMs, memoryAtRestMiB: residentMiB(andon.pid) });
    report(
      dialect,
      'dashboard query over ERP, MES, QMS and CMMS, 16 clients',
      await measureDashboardQuery(andon, seconds),
    );
    report(dialect, 'transitions (requestMaintenance), 16 terminals', await measureTransitions(andon, seconds));
    for (const subscribers of [1, 1000]) {
      report(
        dialect,
        `placeHold answered until its event is at ${subscribers} subscriber(s)`,
        await measureHoldDelivery(andon, subscribers),
      );
    }
    report(dialect, 'memory after all of it', { memoryMiB: residentMiB(andon.pid) });
  } finally {
    await andon.dispose();
    await postgres?.dispose();
  }
}

function report(dialect: Dialect, what: string, figures: object): void {
  const text = Object.entries(figures).map(([name, value]) => `${name}=${value}`);
  process.stdout.write(`${dialect.padEnd(8)}  ${what}: ${text.join('  ')}\n`);
}
