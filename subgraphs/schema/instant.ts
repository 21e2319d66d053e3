import { isoTime } from '../../runtime/clock.ts';

const instantPattern = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** Years that a plant may speak of; a record of 1899 or of 20266 is a slip. */
const firstYear = 1900;
const lastYear = 2199;

/** @returns the date itself when it stands in the calendar, of a plausible year; else null: `Date.parse` takes 30 February */
export function readDate(text: string): string | null {
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (Number(year) < firstYear || Number(year) > lastYear) return null;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.toISOString().startsWith(text) ? text : null;
}

/** @returns the instant in UTC with milliseconds; null for what is no instant with an offset */
export function readInstant(text: string): string | null {
  const [, date] = instantPattern.exec(text) ?? [];
  if (!date || readDate(date) === null) return null;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? null : isoTime(instant);
}
