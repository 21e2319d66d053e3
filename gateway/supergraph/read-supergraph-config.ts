import { dirname, resolve } from 'node:path';
import { readYamlFile, type YamlSection } from '../../runtime/yaml-file.ts';

export interface SubgraphEntry {
  readonly name: string;
  readonly url: string;
  /** Absolute paths, in the order in which they are joined. */
  readonly files: readonly string[];
}

/**
 * Reads `supergraph.yaml` in the format of the Rover command line. One addition: `schema.file` may be a list.
 * @throws ConfigFileError
 */
export function readSupergraphConfig(file: string): readonly SubgraphEntry[] {
  return readYamlFile(file, (root) => readEntries(root, dirname(resolve(file))));
}

function readEntries(root: YamlSection, folder: string): readonly SubgraphEntry[] {
  root.expectOnly(['federation_version', 'subgraphs']);
  checkVersion(root);
  const subgraphs = root.section('subgraphs');
  const names = subgraphs.keys();
  if (names.length === 0) subgraphs.report(undefined, 'No subgraph is listed.', 'Name at least one under "subgraphs".');
  return names.map((name) => readEntry(name, subgraphs.section(name), folder));
}

function checkVersion(root: YamlSection): void {
  const version = root.version('federation_version');
  if (version === undefined || /^=?2(\.\d+){0,2}$/.test(version)) return;
  root.refuse('federation_version', version, 'Write 2, or a version of it such as "=2.11.0".');
}

function readEntry(name: string, entry: YamlSection, folder: string): SubgraphEntry {
  entry.expectOnly(['routing_url', 'schema']);
  const schema = entry.section('schema');
  schema.expectOnly(['file']);
  const files = schema.strings('file');
  if (files ? files.length === 0 : !schema.has('file')) {
    schema.report(undefined, `Subgraph "${name}" has no schema.`, 'Name its SDL under "schema: { file: … }".');
  }
  return { name, url: readUrl(name, entry), files: (files ?? []).map((path) => resolve(folder, path)) };
}

function readUrl(name: string, entry: YamlSection): string {
  const remedy = 'Write an http(s) address, or local:NAME for a subgraph in this process.';
  if (!entry.has('routing_url')) entry.report(undefined, `Subgraph "${name}" has no routing_url.`, remedy);
  const url = entry.string('routing_url') ?? '';
  if (url !== '' && !/^(https?|local):/.test(url)) entry.refuse('routing_url', url, remedy);
  return url;
}
