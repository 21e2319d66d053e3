// Brings a clone into a state that runs: installs what package-lock.json names, compiles TypeScript to dist/ and
// copies the files that the code reads beside itself. Does nothing when nothing has changed.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const skipped = new Set(['node_modules', 'dist', '.git', '.andon']);
const assets = new Set(['.graphql', '.cedar', '.cedarschema', '.yaml', '.html', '.css', '.sql', '.json']);

/** @returns {Generator<string>} every file of the project that a build looks at, as absolute paths */
function* projectFiles(folder = root) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skipped.has(entry.name) || entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* projectFiles(path);
    else yield path;
  }
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}

function ensureInstalled() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  const wanted = join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) return; // somebody else's to install
  process.stderr.write('andon: installing packages (first start only) …\n');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Files, sizes and times of everything that goes into dist/: equal stamps mean an equal build. */
function sourceStamp() {
  const lines = [];
  for (const path of projectFiles()) {
    const { size, mtimeMs } = statSync(path);
    lines.push(`${relative(root, path)} ${size} ${mtimeMs}`);
  }
  return lines.sort().join('\n');
}

/** Composes the manufacturing graph once, so that no start pays for it. What is wrong is printed with file and line. */
function composeGraph() {
  const args = [
    'compose',
    '--config',
    join(root, 'supergraph.yaml'),
    '--output',
    join(root, 'dist', 'supergraph.graphql'),
  ];
  run(process.execPath, [join(root, 'dist', 'cli.js'), ...args]);
}

/** Installs and compiles what is missing or stale. Ends the process when either fails. */
export function ensureBuilt() {
  ensureInstalled();
  const stampFile = join(root, 'dist', '.stamp');
  const stamp = sourceStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  process.stderr.write('andon: compiling …\n');
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(root, 'tsconfig.json')]);
  for (const path of projectFiles()) {
    const target = join(root, 'dist', relative(root, path));
    if (!assets.has(extname(path)) || relative(root, path).startsWith('package')) continue;
    mkdirSync(dirname(target), { recursive: true });
    cpSync(path, target);
  }
  composeGraph();
  writeFileSync(stampFile, stamp);
}

const help = `andon build: installs what package-lock.json names, compiles, and composes the graph. Does nothing when nothing has changed.

  --help  this text

Every other command does the same before it begins.
`;

/**
 * `andon build`. Wrong usage ends with 2.
 * @param {string[]} argv what follows `build` on the command line
 */
export function runBuildCommand(argv) {
  const [option] = argv;
  if (option === undefined) return ensureBuilt();
  if (option === '--help' || option === '-h') {
    process.stdout.write(help);
    return;
  }
  process.stderr.write(`andon build: there is no option ${option}.\nTry: andon build --help\n`);
  process.exitCode = 2;
}
