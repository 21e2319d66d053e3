import fc from 'fast-check';
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { defaultGatewayConfig } from '../../gateway/config.ts';

/** Far beyond what generated operations need: they are about plans, not limits. */
export const generousLimits = {
  ...defaultGatewayConfig.limits,
  maxDepth: 50,
  maxAliases: 1000,
  maxFields: 10_000,
  maxDirectives: 1000,
  maxRootFields: 100,
};

export interface GeneratedOperation {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** Values that arguments may take, as literals, by argument name. */
export type ArgumentValues = Readonly<Record<string, readonly string[]>>;

/** Operations that are well formed; two selections of one response key may still disagree, so validate before use. */
export function operations(schema: GraphQLSchema, values: ArgumentValues): fc.Arbitrary<GeneratedOperation> {
  return fc.record({ seed: fc.nat(), depth: fc.integer({ min: 2, max: 5 }) }).map(({ seed, depth: levels }) => {
    const fragments: string[] = [];
    const random = randomNumbers(seed);
    const chance = (percent: number) => random() * 100 < percent;
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

    const condition = () => {
      if (!chance(15)) return '';
      const directive = pick(['skip', 'include']);
      return ` @${directive}(if: ${pick(['$yes', '$no', 'true', 'false'])})`;
    };

    const argumentsOf = (field: GraphQLField<unknown, unknown>) => {
      const given = field.args.flatMap(({ name, type }) => {
        const required = String(type).endsWith('!');
        return required || chance(40) ? [`${name}: ${pick(values[name] ?? ['null'])}`] : [];
      });
      return given.length > 0 ? `(${given.join(', ')})` : '';
    };

    const fieldOf = (field: GraphQLField<unknown, unknown>, depth: number): string => {
      const type = getNamedType(field.type);
      const given = argumentsOf(field);
      // An alias that names the arguments keeps most generated operations free of conflicts.
      const key = given === '' ? field.name : `${field.name}_${given.replace(/\W+/g, '')}`;
      const alias = given !== '' || chance(15) ? `${chance(80) ? key : `${key}_2`}: ` : '';
      return `${alias}${field.name}${given}${condition()}${isCompositeType(type) ? selection(type, depth - 1) : ''}`;
    };

    const selection = (type: GraphQLNamedType, depth: number): string => {
      const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
      const usable = fields.filter((field) => depth > 0 || !isCompositeType(getNamedType(field.type)));
      const parts: string[] = [];
      const count = 1 + Math.floor(random() * 4);
      for (let i = 0; i < count; i += 1) {
        if (usable.length === 0 || chance(8)) parts.push(`__typename${condition()}`);
        else parts.push(fieldOf(pick(usable), depth));
      }
      if (isAbstractType(type)) {
        for (const member of schema.getPossibleTypes(type)) {
          if (chance(70)) parts.push(`... on ${member.name}${condition()} ${selection(member, depth - 1)}`);
        }
      } else if (chance(15)) {
        parts.push(`...${condition()} ${selection(type, depth - 1)}`);
      } else if (chance(18)) {
        const name = `F${fragments.length}`;
        fragments.push('');
        fragments[Number(name.slice(1))] = `fragment ${name} on ${type.name} ${selection(type, depth - 1)}`;
        parts.push(`...${name}${condition()}`);
      }
      return `{ ${parts.join(' ')} }`;
    };

    const root = schema.getQueryType();
    if (!root) throw new Error('No query type');
    const body = selection(root, levels);
    const text = [body, ...fragments].join('\n');
    const used = ['yes', 'no'].filter((name) => text.includes(`$${name}`));
    const head = used.length > 0 ? `query (${used.map((name) => `$${name}: Boolean!`).join(', ')}) ` : 'query ';
    return { query: head + text, variables: Object.fromEntries(used.map((name) => [name, name === 'yes'])) };
  });
}

/** Mulberry32: a seed is one operation, so that a failure can be run again. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
