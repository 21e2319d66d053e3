import { readFileSync } from 'node:fs';
import { readConfig } from '../config.ts';
import { parseOptions } from '../runtime/parse-options.ts';
import { createSystemRuntime } from '../runtime/system-runtime.ts';
import { openStorage } from '../storage/open-storage.ts';
import { journalMigrations } from './migrations.ts';
import type { JournalTables } from './tables.ts';
import type { AuditHead, AuditVerdict } from './verify-audit.ts';
import { verifyAudit } from './verify-audit.ts';

const help = `andon verify-audit: recomputes the audit trail's hash chain.

  --data-dir DIR   whose journal (default: ANDON_DATA_DIR or .andon; with DATABASE_URL: that database)
  --anchor FILE    a verdict that was kept elsewhere (--json): its newest entry must still be there, unchanged
  --json           print the verdict as JSON, to keep as the next anchor
  --help           this text

It only reads, and may run beside a running Andon. Exit code 0: the trail is whole. 1: it names the first entry that was
changed, removed or reordered.
`;

/** `andon verify-audit`. @returns the exit code */
export async function runVerifyAuditCommand(argv: string[]): Promise<number> {
  const { values } = parseOptions({
    args: argv,
    options: {
      'data-dir': { type: 'string' },
      anchor: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const verdict = await verify(values['data-dir'], values.anchor ? readAnchor(values.anchor) : undefined);
  process.stdout.write(`${values.json ? JSON.stringify(verdict) : inWords(verdict)}\n`);
  return verdict.ok ? 0 : 1;
}

async function verify(dataDir: string | undefined, anchor: AuditHead | undefined): Promise<AuditVerdict> {
  const config = readConfig();
  const runtime = createSystemRuntime(config);
  const { databaseUrl } = config;
  const where = { dataDir: dataDir ?? config.dataDir, ...(databaseUrl ? { databaseUrl } : {}) };
  const storage = await openStorage({ ...where, runtime, readOnly: true });
  try {
    return await verifyAudit(await storage.open<JournalTables>('journal', journalMigrations), anchor);
  } finally {
    await storage.close();
  }
}

/** The anchor is not a verdict that `--json` printed. */
class AnchorError extends Error {
  readonly code = 'ANCHOR_INVALID';
}

function readAnchor(file: string): AuditHead {
  try {
    const { head } = JSON.parse(readFileSync(file, 'utf8')) as { readonly head: AuditHead };
    if (typeof head.number === 'number' && typeof head.hash === 'string') return head;
  } catch {
    // Falls through to the sentence below: for the user it is the same problem.
  }
  throw new AnchorError(
    `${file} is not a verdict of an intact trail. Give a file that \`andon verify-audit --json\` wrote.`,
  );
}

function inWords(verdict: AuditVerdict): string {
  if (verdict.ok) return `The audit trail is whole: ${verdict.entries} entries, newest hash ${verdict.head.hash}.`;
  return `The audit trail is NOT whole: entry ${verdict.entry}: ${verdict.problem}. Restore the journal from a backup and compare.`;
}
