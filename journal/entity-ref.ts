/**
 * The identity of anything in the graph: `mfg:<plant>:<type>:<natural key>`, for example `mfg:BER:lot:WATER-05L:L-1001`.
 * It is the `id` of the entity in the graph, so any subgraph can build a reference from a natural key alone.
 */
export type EntityId = string & { readonly __brand: 'EntityId' };

export const entityTypes = [
  'plant',
  'line',
  'work-center',
  'material',
  'production-order',
  'operation',
  'lot',
  'stock-position',
  'delivery',
  'inspection-plan',
  'inspection-lot',
  'inspection-result',
  'hold',
  'nonconformance',
  'disposition',
  'asset',
  'asset-assignment',
  'downtime',
  'maintenance-work-order',
  'exception',
] as const;

export type EntityType = (typeof entityTypes)[number];

export interface EntityRef {
  readonly plantCode: string;
  readonly type: EntityType;
  /** The parts of the natural key in the order of the canonical model, without the plant. */
  readonly key: readonly string[];
}

export function entityId(plantCode: string, type: EntityType, ...key: readonly string[]): EntityId {
  return ['mfg', plantCode, type, ...key].map(encodeURIComponent).join(':') as EntityId;
}

/** @returns the parts of an id, or null when the text is no id of ours: callers answer as for an unknown entity */
export function parseEntityId(id: string): EntityRef | null {
  const [scheme, plantCode, type, ...key] = id.split(':').map(decodePart);
  if (scheme !== 'mfg' || !plantCode || key.length === 0 || key.some((part) => !part)) return null;
  if (!entityTypes.includes(type as EntityType)) return null;
  return { plantCode, type: type as EntityType, key: key as string[] };
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
