import { dirname, resolve } from 'node:path';
import { readYamlFile, type YamlSection } from '../yaml-file.ts';

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
  const root = readYamlFile(file);
  root.refuseUnknown(['federation_version', 'subgraphs']);
  checkVersion(root);
  const subgraphs = root.section('subgraphs');
  const names = subgraphs.keys();
  if (names.length === 0) {
    throw root.error('subgraphs', 'No subgraph is listed.', 'Name at least one under "subgraphs".');
  }
  return names.map((name) => readEntry(name, subgraphs.section(name), dirname(resolve(file))));
}

function checkVersion(root: YamlSection): void {
  const version = root.version('federation_version');
  if (version === undefined || /^=?2(\.\d+){0,2}$/.test(version)) return;
  throw root.refuse('federation_version', version, 'Write 2, or a version of it such as "=2.11.0".');
}

function readEntry(name: string, entry: YamlSection, folder: string): SubgraphEntry {
  entry.refuseUnknown(['routing_url', 'schema']);
  const url = entry.string('routing_url');
  if (url === undefined || !/^(https?|local):/.test(url)) {
    const remedy = 'Write an http(s) address, or local:NAME for a subgraph in this process.';
    if (url !== undefined) throw entry.refuse('routing_url', url, remedy);
    throw entry.error(undefined, `Subgraph "${name}" has no routing_url.`, remedy);
  }
  const schema = entry.section('schema');
  schema.refuseUnknown(['file']);
  const files = schema.strings('file');
  if (!files?.length) {
    throw entry.error('schema', `Subgraph "${name}" has no schema.`, 'Name its SDL under "schema: { file: … }".');
  }
  return { name, url, files: files.map((path) => resolve(folder, path)) };
}
