import { textsIn } from '../forwarded-headers.ts';

/** The Authorization value in the payload of a message. */
export const credentialsIn = (payload: Readonly<Record<string, unknown>>): string | undefined =>
  textsIn(payload).find(([name]) => name === 'authorization')?.[1];
