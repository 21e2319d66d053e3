import { readdir, readFile } from 'node:fs/promises';

const root = new URL('../../', import.meta.url);

/** Where the product's sources are. */
const folders = [
  'auth',
  'connectors',
  'gateway',
  'journal',
  'policies',
  'runtime',
  'storage',
  'subgraphs',
  'workflows',
];

/** The files of a folder of this repository that end so, as paths from its root. */
export async function filesIn(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(new URL(folder, root), { recursive: true });
  return names.filter((name) => name.endsWith(ending)).map((name) => `${folder}/${name}`);
}

/** @param file its path from the root of this repository */
export const read = (file: string): Promise<string> => readFile(new URL(file, root), 'utf8');

/** The texts of the product's sources by their paths. */
export async function readSources(): Promise<ReadonlyMap<string, string>> {
  const files = (await Promise.all(folders.map((folder) => filesIn(folder, '.ts')))).flat();
  return new Map(await Promise.all(files.map(async (file) => [file, await read(file)] as const)));
}
