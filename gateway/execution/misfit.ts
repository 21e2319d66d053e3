import type { ResponsePath } from './failure.ts';

/** Something that a subgraph sent and that does not fit the schema, as the log tells of it: never the value itself. */
export interface Misfit {
  /** The subgraphs that were asked for it: where it is more than one, any of them may have sent it. */
  readonly services: readonly string[];
  readonly path: ResponsePath;
  /** As `Type.field`, or what stands in the place of a field in what the gateway asks (`_entities`). */
  readonly field: string;
  readonly expected: string;
  readonly given: string;
}

/** Given where a subgraph does not know the object: it may say so, but another one has told of that object. */
export const unknownObject = 'no such object';

/** How an error names them in its extensions. */
export function whose(services: readonly string[]): {
  readonly service?: string;
  readonly services?: readonly string[];
} {
  const [service, ...others] = services;
  if (others.length > 0) return { services };
  return service === undefined ? {} : { service };
}

/** Those of one answer. */
export class Misfits {
  readonly first: Misfit;
  /** Whose values they may be. */
  readonly services = new Set<string>();
  count = 0;

  constructor(first: Misfit) {
    this.first = first;
  }

  add({ services, given }: Misfit): void {
    this.count += 1;
    if (given === unknownObject) return;
    for (const service of services) this.services.add(service);
  }
}
