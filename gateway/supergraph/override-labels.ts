import { type DocumentNode, Kind } from 'graphql';

/** The labels by which `@override(from: …, label: …)` moves fields, without those that are drawn (`percent(N)`). */
export function readOverrideLabels(supergraph: DocumentNode): ReadonlySet<string> {
  const labels = new Set<string>();
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    for (const directive of (node.fields ?? []).flatMap(({ directives = [] }) => directives)) {
      const value = directive.arguments?.find(({ name }) => name.value === 'overrideLabel')?.value;
      if (value?.kind === Kind.STRING && !value.value.startsWith('percent(')) labels.add(value.value);
    }
  }
  return labels;
}
