import { Failure } from '../failure.ts';
import { whose } from '../misfit.ts';
import type { Run } from '../run.ts';
import type { PartlyAsked } from './ask-partly.ts';

/**
 * The failure of fields that could not be asked for, with the subgraphs that gave what is wrong with their entity.
 * @param keys where the entity stands
 */
export function blame(failure: Failure, keys: readonly string[], run: Run): Failure {
  const errors = Failure.errorsOf(failure);
  if (errors.every(({ needed }) => needed === undefined)) return failure;
  return new Failure(
    errors.map(({ needed, ...error }) => {
      if (!needed) return error;
      const { field, expected, given } = needed;
      const path = [...keys, ...needed.keys];
      const services = run.giversOf(path, field);
      run.misfit({ services, path, field, expected, given });
      return { ...error, extensions: { ...error.extensions, ...whose(services) } };
    }),
  );
}

export const blamePartly = ({ index, failed }: PartlyAsked, keys: readonly string[], run: Run): PartlyAsked => ({
  index,
  failed: failed.map(([shape, failure]) => [shape, blame(failure, keys, run)]),
});
