import { demoPlants } from '../../../connectors/demo-plant.ts';
import { SystemUnavailableError } from '../../../connectors/errors.ts';
import type { QmsPort } from '../../../connectors/qms/port.ts';
import { createReferenceQms } from '../../../connectors/qms/reference.ts';
import { fillReferenceQms } from '../../../connectors/qms/reference-demo.ts';
import { qmsMigrations } from '../../../connectors/qms/reference-migrations.ts';
import type { QmsTables } from '../../../connectors/qms/reference-tables.ts';
import type { Runtime } from '../../../runtime/runtime.ts';
import { createQmsSubgraph } from '../../../subgraphs/qms/index.ts';
import type { Subgraph } from '../../../subgraphs/subgraph.ts';
import type { TransitionExecutor } from '../../../subgraphs/transitions/transition-executor.ts';
import { type DialectName, openTestJournal, type TestJournal } from '../../support/database.ts';
import { everythingAllowed, GraphStub, person } from '../subgraph-under-test.ts';

/** While it is down, nobody reaches the QMS; while it hangs, nobody is answered before `answer`. */
class Line {
  down = false;
  hangs = false;
  readonly #waiting: (() => void)[] = [];

  async pass(): Promise<void> {
    if (this.hangs) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.down) throw new SystemUnavailableError('QMS');
  }

  answer(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export interface Quality extends TestJournal {
  readonly subgraph: Subgraph;
  readonly executor: TransitionExecutor;
  /** The reference QMS itself, whatever the line to it is like. */
  readonly qms: QmsPort;
  readonly graph: GraphStub;
  readonly line: Line;
}

/** The QMS's subgraph over a real journal and a filled reference QMS, which can be cut off. */
export async function openQuality(dialect: DialectName, overrides: Partial<Runtime> = {}): Promise<Quality> {
  const journal = await openTestJournal(dialect, overrides);
  const { runtime, storage } = journal;
  const database = await storage.open<QmsTables>('qms', qmsMigrations);
  await fillReferenceQms(database, demoPlants, runtime.clock);
  const qms = createReferenceQms({ database, clock: runtime.clock });
  const line = new Line();
  const port = cutOff(qms, line);
  const graph = new GraphStub();
  const subgraph = createQmsSubgraph({ journal: journal.journal, policies: everythingAllowed, graph, runtime, port });
  return { ...journal, subgraph, executor: subgraph.executor!, qms, graph, line };
}

function cutOff(qms: QmsPort, line: Line): QmsPort {
  return new Proxy(qms, {
    get(target, name: keyof QmsPort) {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        await line.pass();
        return method(...args);
      };
    },
  });
}

export const quentin = person({ id: 'quentin', name: 'Quentin Engineer', roles: ['QUALITY_ENGINEER'] });
export const mara = person({ id: 'mara', name: 'Mara Manager', roles: ['QUALITY_MANAGER'] });
export const workflow = person({ id: 'workflow', name: 'Workflow', kind: 'WORKFLOW', roles: ['WORKFLOW'] });

export const lotId = 'mfg:BER:lot:WATER-05L:L10001';
export const orderId = 'mfg:BER:production-order:10001';
export const inspectionLotId = 'mfg:BER:inspection-lot:IL-10001';
