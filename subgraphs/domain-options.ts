import type { Connectors } from '../connectors/main.ts';
import type { Policies } from '../policies/evaluate.ts';
import type { OwnedField } from './schema/owned-field.ts';
import type { SubgraphOptions } from './subgraph.ts';

/** What every subgraph of the manufacturing graph is opened with. */
export interface DomainOptions extends SubgraphOptions {
  readonly policies: Policies;
  readonly connectors: Connectors;
  readonly ownership: readonly OwnedField[];
  /** Every plant of the landscape. */
  readonly plantCodes: readonly string[];
}
