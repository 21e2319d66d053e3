import type {
  FinishedPart,
  IncrementalAnswer,
  IncrementalBatch,
  OperationAnswer,
  PendingPart,
} from '../execution/answer.ts';
import type { ResponsePath } from '../execution/failure.ts';
import type { Run } from '../execution/run.ts';
import type { DeferredFragment, DeferredObject, FindDeferred } from './find-deferred.ts';

interface Place extends DeferredObject {
  readonly id: string;
}

export interface Following {
  readonly run: Run;
  readonly find: FindDeferred | undefined;
  /** See there; once each further part is written. */
  tellMisfits(run: Run): void;
}

/** The first part is written: follows it up with what is deferred. */
export function followUp(first: OperationAnswer, { run, find, tellMisfits }: Following): IncrementalAnswer {
  const delivery = new Delivery(run, tellMisfits);
  // Its errors have gone out with it; what is reported from now on belongs to what comes later.
  run.errors.length = 0;
  const pending = delivery.start(find, first.data, run.root, []);
  return { first, pending, batches: () => delivery.batches() };
}

/** Runs each deferred fragment, once for all of its places, and hands out the places as they become ready. */
class Delivery {
  readonly #run: Run;
  readonly #tellMisfits: Following['tellMisfits'];
  readonly #running = new Set<Promise<void>>();
  readonly #ready: (readonly Place[])[] = [];
  #lastId = -1;

  constructor(run: Run, tellMisfits: Following['tellMisfits']) {
    this.#run = run;
    this.#tellMisfits = tellMisfits;
  }

  /** @param written JSON text of what the client has got of `merged` */
  start(find: FindDeferred | undefined, written: string, merged: unknown, path: ResponsePath): readonly PendingPart[] {
    const found: DeferredObject[] = [];
    if (find && written !== 'null') find(JSON.parse(written), merged, path, found);
    const places = found.map((place): Place => ({ ...place, id: String(++this.#lastId) }));
    const byFragment = new Map<DeferredFragment, Place[]>();
    for (const place of places) byFragment.set(place.fragment, [...(byFragment.get(place.fragment) ?? []), place]);
    for (const [fragment, its] of byFragment) this.#await(fragment, its);
    return places.map(pendingPart);
  }

  #await(fragment: DeferredFragment, places: readonly Place[]): void {
    const done = Promise.resolve(fragment.step(this.#run)).then(() => {
      this.#running.delete(done);
      this.#ready.push(places);
    });
    this.#running.add(done);
    // Told where it is awaited; until then nobody may call it unhandled.
    done.catch(() => undefined);
  }

  async *batches(): AsyncGenerator<IncrementalBatch, void> {
    while (this.#running.size > 0 || this.#ready.length > 0) {
      if (this.#ready.length === 0) await Promise.race(this.#running);
      if (this.#run.context.cancellation?.aborted) return;
      const finished: FinishedPart[] = [];
      const pending: PendingPart[] = [];
      for (const place of this.#ready.splice(0).flat()) {
        const part = this.#write(place);
        finished.push(part);
        pending.push(...this.start(place.fragment.find, part.data, place.object, place.path));
      }
      this.#tellMisfits(this.#run);
      const hasNext = this.#running.size > 0 || this.#ready.length > 0;
      yield { finished, pending, sources: this.#run.sources(), hasNext };
    }
  }

  #write(place: Place): FinishedPart {
    const { isPlain, sharesObjects } = this.#run;
    const merged = { errors: this.#run.errors.splice(0), isPlain, sharesObjects };
    const { data, errors } = place.fragment.write(place.object, place.path, merged, this.#run);
    return { ...pendingPart(place), data, errors };
  }
}

const pendingPart = ({ id, path, fragment: { label } }: Place): PendingPart => ({ id, path, label });
