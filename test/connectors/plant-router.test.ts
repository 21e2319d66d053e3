import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlantsUnavailableError, SystemTimeoutError, SystemUnavailableError } from '../../connectors/errors.ts';
import type { Page, PageRequest, RowScope } from '../../connectors/page.ts';
import { createPlantRouter } from '../../connectors/plant-router.ts';
import type { Posting, PostingPort, SystemCommand } from '../../connectors/posting.ts';

interface Thing {
  readonly plantCode: string;
  readonly no: string;
}
interface ThingPort extends PostingPort<SystemCommand> {
  thingsByKeys(keys: readonly Thing[]): Promise<readonly Thing[]>;
  things(filter: { readonly plantCode?: string | null }, page: PageRequest, scope: RowScope): Promise<Page<Thing>>;
}

const everything: RowScope = { plantCodes: null, partner: null };
const { signal } = new AbortController();
const keyOf = ({ plantCode, no }: Thing) => `${plantCode}/${no}`;
const compare = (a: Thing, b: Thing) => (keyOf(a) < keyOf(b) ? -1 : 1);

/** The system of some plants: a vendor's connector as a class, with state of its own. */
class ThingSystem implements ThingPort {
  failure: Error | null = null;
  readonly asked: unknown[] = [];
  readonly posted: string[] = [];
  readonly #things: readonly Thing[];

  constructor(things: readonly Thing[]) {
    this.#things = things;
  }

  async thingsByKeys(keys: readonly Thing[]) {
    this.asked.push(keys);
    if (this.failure) throw this.failure;
    return this.#things.filter((thing) => keys.some((key) => keyOf(key) === keyOf(thing)));
  }

  async things(filter: { readonly plantCode?: string | null }, page: PageRequest, scope: RowScope) {
    this.asked.push(scope);
    if (this.failure) throw this.failure;
    const rows = this.#things
      .filter(({ plantCode }) => !filter.plantCode || plantCode === filter.plantCode)
      .filter(({ plantCode }) => scope.plantCodes?.includes(plantCode) ?? true)
      .filter((thing) => page.after === null || keyOf(thing) > page.after)
      .sort(compare);
    return { rows: rows.slice(0, page.first), hasNextPage: rows.length > page.first };
  }

  async post({ transitionId }: SystemCommand): Promise<Posting> {
    this.posted.push(transitionId);
    return { status: 'POSTED', document: transitionId, version: null, recordedAt: '', result: {} };
  }

  async postingOf(transitionId: string): Promise<Posting | null> {
    return this.posted.includes(transitionId) ? this.post({ transitionId } as SystemCommand) : null;
  }
}

function route(ports: ReadonlyMap<string, ThingPort>): ThingPort {
  const reads = { thingsByKeys: 'keys', things: 'list' } as const;
  return createPlantRouter<SystemCommand, ThingPort>({ system: 'ERP', ports, reads });
}

function twoSystems() {
  // BER and ZRH share a system; LYO, which is between them, has its own.
  const shared = new ThingSystem(['BER', 'ZRH'].flatMap((plantCode) => ['1', '2'].map((no) => ({ plantCode, no }))));
  const own = new ThingSystem(['1', '2'].map((no) => ({ plantCode: 'LYO', no })));
  const port = route(
    new Map<string, ThingPort>([
      ['BER', shared],
      ['LYO', own],
      ['ZRH', shared],
    ]),
  );
  return { shared, own, port };
}

const command = (plantCode: string) => ({ name: 'x', transitionId: `T-${plantCode}`, plantCode }) as SystemCommand;

describe('plants with systems of their own', () => {
  test('are told and read back each at its own system', async () => {
    const { port, shared, own } = twoSystems();
    for (const plantCode of ['BER', 'LYO', 'ZRH']) await port.post(command(plantCode), signal);
    expect([shared.posted, own.posted]).toEqual([['T-BER', 'T-ZRH'], ['T-LYO']]);
    expect(await port.postingOf('T-LYO', 'LYO', signal)).toMatchObject({ document: 'T-LYO' });
    expect(await port.postingOf('T-LYO', 'BER', signal)).toBeNull();
  });

  test('are asked once each for all that is wanted of them, and nobody for a plant that is unknown', async () => {
    const { port, shared, own } = twoSystems();
    const keys = ['BER', 'LYO', 'ZRH', 'XXX'].map((plantCode) => ({ plantCode, no: '1' }));
    expect([...(await port.thingsByKeys(keys))].sort(compare).map(keyOf)).toEqual(['BER/1', 'LYO/1', 'ZRH/1']);
    expect([shared.asked.length, own.asked.length]).toEqual([1, 1]);
    await expect(port.post(command('XXX'), signal)).rejects.toThrow('The ERP of XXX cannot be reached.');
  });

  test('that a reader may not see, or did not ask for, are not asked', async () => {
    const { port, shared, own } = twoSystems();
    const page = { first: 10, after: null };
    const scope = { plantCodes: ['ZRH'], partner: null };
    expect((await port.things({}, page, scope)).rows.map(keyOf)).toEqual(['ZRH/1', 'ZRH/2']);
    expect((await port.things({ plantCode: 'LYO' }, page, everything)).rows.map(keyOf)).toEqual(['LYO/1', 'LYO/2']);
    expect(await port.things({ plantCode: 'BER' }, page, scope)).toEqual({ rows: [], hasNextPage: false });
    expect([shared.asked, own.asked.length]).toEqual([[{ plantCodes: ['ZRH'], partner: null }], 1]);
  });

  test('whose system is away are named, with the rows of the others; a list is not answered by half', async () => {
    const { port, own } = twoSystems();
    own.failure = new SystemTimeoutError('ERP');
    const keys = ['BER', 'LYO'].map((plantCode) => ({ plantCode, no: '1' }));
    const problem = await port.thingsByKeys(keys).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(PlantsUnavailableError);
    expect(problem).toBeInstanceOf(SystemUnavailableError);
    expect(problem).toMatchObject({
      code: 'SYSTEM_UNAVAILABLE',
      system: 'ERP',
      plantCodes: ['LYO'],
      rows: [{ plantCode: 'BER', no: '1' }],
      message: 'The ERP of LYO cannot be reached. Nothing was changed in it; the request can be repeated.',
    });
    const page = { first: 10, after: null };
    await expect(port.things({}, page, everything)).rejects.toThrow('The ERP of LYO cannot be reached.');
    expect((await port.things({ plantCode: 'BER' }, page, everything)).rows).toHaveLength(2);
    own.failure = new TypeError('our bug');
    await expect(port.thingsByKeys(keys)).rejects.toThrow('our bug');
  });

  test('are paged as one list: each row once, in the order of their keys, however plants and systems lie', async () => {
    const plants = ['AAA', 'BER', 'LYO', 'ZRH'];
    const thing = fc.record({ plantCode: fc.constantFrom(...plants), no: fc.stringMatching(/^[0-9]{3}$/) });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(thing, { selector: keyOf, maxLength: 30 }),
        fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 1, max: 7 }),
        async (things, systemOf, first) => {
          const plantsOf = (system: number) => plants.filter((_plant, index) => systemOf[index] === system);
          const systems = [0, 1, 2].map(
            (system) => new ThingSystem(things.filter(({ plantCode }) => plantsOf(system).includes(plantCode))),
          );
          const port = route(
            new Map(plants.map((plantCode, index) => [plantCode, systems[systemOf[index] ?? 0] as ThingPort])),
          );
          const seen: Thing[] = [];
          for (let after: string | null = null; ; ) {
            const { rows, hasNextPage }: Page<Thing> = await port.things({}, { first, after }, everything);
            seen.push(...rows);
            const last = rows.at(-1);
            expect(rows.length === first || !hasNextPage).toBe(true);
            if (!hasNextPage || !last) break;
            after = keyOf(last);
          }
          expect(seen.map(keyOf)).toEqual([...things].sort(compare).map(keyOf));
        },
      ),
    );
  });
});
