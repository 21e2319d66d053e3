import { type DocumentNode, Kind } from 'graphql';
import { argumentsOf } from './linked-features.ts';

/** The labels by which `@override(from: …, label: …)` moves fields, without those that are drawn (`percent(N)`). */
export function readOverrideLabels(supergraph: DocumentNode): ReadonlySet<string> {
  const labels = new Set<string>();
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    for (const directive of (node.fields ?? []).flatMap(({ directives = [] }) => directives)) {
      if (directive.name.value !== 'join__field') continue;
      const { overrideLabel } = argumentsOf(directive);
      if (typeof overrideLabel === 'string' && !overrideLabel.startsWith('percent(')) labels.add(overrideLabel);
    }
  }
  return labels;
}
