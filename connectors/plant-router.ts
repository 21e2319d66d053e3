import { PlantsUnavailableError, type SystemName, SystemTimeoutError, SystemUnavailableError } from './errors.ts';
import { groupBy } from './group-by.ts';
import type { Page, PageRequest, ReadOptions, RowScope } from './page.ts';
import type { PostingPort, SystemCommand } from './posting.ts';

interface InPlant {
  readonly plantCode: string;
}
interface ListFilter {
  readonly plantCode?: string | null;
}
type KeysRead = (keys: readonly InPlant[], options?: ReadOptions) => Promise<readonly InPlant[]>;
type ListRead = (
  filter: ListFilter,
  page: PageRequest,
  scope: RowScope,
  options?: ReadOptions,
) => Promise<Page<InPlant>>;

/**
 * Every read of a port, and how it is asked: `keys` takes natural keys and gives their rows, `list` takes a filter, a page
 * and a scope and gives rows in the order of their plants. A read that is missing here does not compile.
 */
export type PortReads<Port> = {
  readonly [Name in Exclude<keyof Port, keyof PostingPort<SystemCommand>>]: Port[Name] extends (
    keys: infer _Keys,
    options?: ReadOptions,
  ) => Promise<readonly unknown[]>
    ? 'keys'
    : Port[Name] extends (
          filter: infer _Filter,
          page: PageRequest,
          scope: RowScope,
          options?: ReadOptions,
        ) => Promise<unknown>
      ? 'list'
      : never;
};

export interface PlantRouterOptions<Port> {
  readonly system: SystemName;
  /** By plant code. Plants may share a port. */
  readonly ports: ReadonlyMap<string, Port>;
  readonly reads: PortReads<Port>;
}

/**
 * One port for all plants: each is asked at its own system. Reads over several plants are asked at the same time and put
 * together. When a system cannot be reached, the error names its plants and carries the rows of the others.
 */
export function createPlantRouter<Command extends SystemCommand, Port extends PostingPort<Command>>({
  system,
  ports,
  reads,
}: PlantRouterOptions<Port>): Port {
  const router: PlantRouter<Port> = { system, ports };
  const routed = Object.entries(reads).map(([name, kind]) => [
    name,
    kind === 'keys' ? routeKeys(router, name as keyof Port) : routeList(router, name as keyof Port),
  ]);
  const postings: PostingPort<Command> = {
    post: async (command, signal) => portOf(router, command.plantCode).post(command, signal),
    postingOf: async (id, plantCode, signal) => portOf(router, plantCode).postingOf(id, plantCode, signal),
  };
  return { ...postings, ...Object.fromEntries(routed) } as Port;
}

type PlantRouter<Port> = Pick<PlantRouterOptions<Port>, 'system' | 'ports'>;

/** @throws SystemUnavailableError for a plant that has left the landscape while something of it was still to be settled */
function portOf<Port>({ system, ports }: PlantRouter<Port>, plantCode: string): Port {
  const port = ports.get(plantCode);
  if (!port) throw new PlantsUnavailableError(system, [plantCode], []);
  return port;
}

/** A key of a plant that is in no landscape has no row, and nobody is asked for it. */
function routeKeys<Port>(router: PlantRouter<Port>, name: keyof Port): KeysRead {
  const { system, ports } = router;
  return async (keys, options) => {
    const known = keys.filter(({ plantCode }) => ports.has(plantCode));
    const groups = [...groupBy(known, ({ plantCode }) => portOf(router, plantCode))];
    const asked = groups.map(([port, own]) => ({
      plantCodes: [...new Set(own.map(({ plantCode }) => plantCode))],
      answer: (port[name] as KeysRead).call(port, own, options),
    }));
    const { answers, unavailable } = await settle(asked);
    const rows = answers.flat();
    if (unavailable) throw new PlantsUnavailableError(system, unavailable.plantCodes, rows, unavailable);
    return rows;
  };
}

/** Half of a list cannot be told from the whole of it, so a list over plants is answered by all of their systems. */
function routeList<Port>(router: PlantRouter<Port>, name: keyof Port): ListRead {
  const { system, ports } = router;
  return async (filter, page, scope, options) => {
    const plants = [...ports.keys()].filter(
      (plantCode) =>
        (!filter.plantCode || filter.plantCode === plantCode) && (scope.plantCodes?.includes(plantCode) ?? true),
    );
    const asked = [...groupBy(plants, (plantCode) => portOf(router, plantCode))].map(([port, plantCodes]) => ({
      plantCodes,
      answer: (port[name] as ListRead).call(port, filter, page, { ...scope, plantCodes }, options),
    }));
    const { answers, unavailable } = await settle(asked);
    if (unavailable) throw new PlantsUnavailableError(system, unavailable.plantCodes, [], unavailable);
    return mergePages(answers, page);
  };
}

/** A plant's rows come from one system, in their order, so the order of the plants is all that is left to make. */
function mergePages(pages: readonly Page<InPlant>[], { first }: PageRequest): Page<InPlant> {
  const [only, ...others] = pages;
  if (only && others.length === 0) return only;
  const rows = pages.flatMap((page) => page.rows).sort((a, b) => compareText(a.plantCode, b.plantCode));
  return {
    rows: rows.slice(0, first),
    hasNextPage: rows.length > first || pages.some(({ hasNextPage }) => hasNextPage),
  };
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

interface Asked<Answer> {
  readonly plantCodes: readonly string[];
  readonly answer: Promise<Answer>;
}

/** @returns the answers, and the plants whose system gave none; any other failure is nobody's to pass over */
async function settle<Answer>(asked: readonly Asked<Answer>[]) {
  const results = await Promise.allSettled(asked.map(({ answer }) => answer));
  const answers: Answer[] = [];
  const plantCodes: string[] = [];
  let cause: unknown = null;
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') answers.push(result.value);
    else if (isUnavailable(result.reason)) {
      plantCodes.push(...(asked[index]?.plantCodes ?? []));
      cause = result.reason;
    } else throw result.reason;
  }
  return { answers, unavailable: plantCodes.length > 0 ? { plantCodes, cause } : null };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof SystemUnavailableError || error instanceof SystemTimeoutError;
}
