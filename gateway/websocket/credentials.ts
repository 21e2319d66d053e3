import { namedIn } from '../request/forwarded-headers.ts';

/** The Authorization value in the payload of a message. */
export function credentialsIn(payload: Readonly<Record<string, unknown>>): string | undefined {
  const found = namedIn(payload).find(([name, value]) => name === 'authorization' && typeof value === 'string');
  return found && String(found[1]);
}
