import type { Done } from '../reference-posting.ts';
import type { QmsResults } from './port.ts';

/** What the reference QMS says that it has done, in the words of the port. */
export function posted<Name extends keyof QmsResults>(_name: Name, version: number, result: QmsResults[Name]): Done {
  return { version: String(version), result };
}
