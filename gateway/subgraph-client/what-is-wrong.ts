import { isRecord } from '../../runtime/is-record.ts';
import { kindOf } from '../../runtime/kind-of.ts';

/** Names of a body that the log keeps, and characters of each. */
const maxNames = 10;
const maxNameLength = 40;

/** Why a body that is JSON is no GraphQL response, without any of its values: it may be anybody's data. */
export function whatIsWrong(body: unknown): string {
  if (!isRecord(body)) return `it is ${kindOf(body)} and no object`;
  const { data, errors } = body;
  if (data === undefined && (errors === undefined || errors === null)) {
    return `it has neither data nor errors${namesIn(body)}`;
  }
  if (errors !== undefined && errors !== null && !Array.isArray(errors))
    return `errors is ${kindOf(errors)} and no list`;
  if (Array.isArray(errors) && !errors.every(isRecord)) return 'errors has something else than objects in it';
  return `data is ${kindOf(data)} and no object`;
}

function namesIn(body: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(body).filter((name) => name !== 'errors');
  const shown = names.slice(0, maxNames).map((name) => JSON.stringify(name.slice(0, maxNameLength)));
  if (names.length > maxNames) shown.push(`${names.length - maxNames} more`);
  return shown.length === 0 ? '' : `, but ${shown.join(', ')}`;
}
