/**
 * The identity of anything in the graph: `mfg:<plant>:<type>:<natural key>`, for example `mfg:BER:lot:WATER-05L:L-1001`.
 * It is the `id` of the entity in the graph, so any subgraph can build a reference from a natural key alone.
 */
export type EntityId = string & { readonly __brand: 'EntityId' };

/** Every type, and how many parts its natural key has. */
const keyParts = {
  plant: 1,
  line: 1,
  'work-center': 1,
  material: 1,
  'production-order': 1,
  operation: 2,
  lot: 2,
  'stock-position': 4,
  delivery: 1,
  'inspection-plan': 2,
  'inspection-lot': 1,
  'inspection-result': 3,
  hold: 1,
  nonconformance: 1,
  disposition: 1,
  asset: 1,
  'asset-assignment': 3,
  downtime: 1,
  'maintenance-work-order': 1,
  exception: 1,
  system: 1,
} as const;

export type EntityType = keyof typeof keyParts;

export interface EntityRef {
  readonly plantCode: string;
  readonly type: EntityType;
  /** The parts of the natural key in the order of the canonical model, without the plant. */
  readonly key: readonly string[];
}

interface PartsOfLength {
  readonly 1: readonly [string];
  readonly 2: readonly [string, string];
  readonly 3: readonly [string, string, string];
  readonly 4: readonly [string, string, string, string];
}

/** A reference to an entity of a known type, whose key has its parts. */
export interface RefOf<Type extends EntityType> extends EntityRef {
  readonly type: Type;
  readonly key: PartsOfLength[(typeof keyParts)[Type]];
}

export function entityId(plantCode: string, type: EntityType, ...key: readonly string[]): EntityId {
  return ['mfg', plantCode, type, ...key].map(encodeURIComponent).join(':') as EntityId;
}

/** A plant stands for everything in it: what is forbidden for the plant is forbidden for all of that. */
export function plantId(plantCode: string): EntityId {
  return entityId(plantCode, 'plant', plantCode);
}

/** @returns the parts of an id, or null when the text is no id of ours: callers answer as for an unknown entity */
export function parseEntityId(id: string): EntityRef | null {
  const [scheme, plantCode, type, ...key] = id.split(':').map(decodePart);
  if (scheme !== 'mfg' || !plantCode || key.length === 0 || key.some((part) => !part)) return null;
  // No key of ours has one, and PostgreSQL refuses to look for a NUL.
  if ([plantCode, ...key].some((part) => controlCharacter.test(part ?? ''))) return null;
  if (!type || !Object.hasOwn(keyParts, type) || key.length !== keyParts[type as EntityType]) return null;
  return { plantCode, type: type as EntityType, key: key as string[] };
}

/** @returns the parts of an id of this type, or null for anything else */
export function refOf<Type extends EntityType>(id: string | null | undefined, type: Type): RefOf<Type> | null {
  const ref = id ? parseEntityId(id) : null;
  return ref?.type === type ? (ref as RefOf<Type>) : null;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
