const known: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

/** @returns the method where it is one that the gateway knows: anybody may send any other, of which there is no end */
export const httpMethodOf = (method: string): string | undefined => (known.has(method) ? method : undefined);
