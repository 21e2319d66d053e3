import {
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql';
import { isRecord } from '../../../runtime/is-record.ts';
import { RequestError, withCode } from '../../request/request-error.ts';
import type { Variables } from '../compiled-operation.ts';
import { hasLostDigits } from '../lost-digits.ts';

/**
 * A check of the IDs in variables: a number beyond 2^53 has lost its last digits when JSON is read, and would name another
 * object. graphql-js takes it.
 *
 * @returns undefined where no variable holds an ID; what it returns throws RequestError
 */
export function createIdCheck(
  definitions: readonly VariableDefinitionNode[],
  schema: GraphQLSchema,
): ((given: Variables) => void) | undefined {
  const holders = definitions.flatMap(({ variable, type: node }) => {
    const type = typeFromAST(schema, node);
    return isInputType(type) && holdsId(type, new Set()) ? [{ name: variable.name.value, type }] : [];
  });
  if (holders.length === 0) return undefined;
  return (given) => {
    for (const { name, type } of holders) {
      const lost = findLostId(type, given[name]);
      if (lost) throw new RequestError(400, withCode([lostDigits(name, lost)], 'BAD_USER_INPUT'));
    }
  };
}

interface LostId {
  readonly value: number;
  /** From the variable down. */
  readonly path: string;
}

const lostDigits = (variable: string, { value, path }: LostId) =>
  new GraphQLError(
    `Variable "$${variable}" got invalid value ${value}${path && ` at "${variable}${path}"`}; a number beyond 2^53 loses its last digits. Send the ID as text.`,
  );

function holdsId(type: GraphQLInputType, seen: Set<string>): boolean {
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return named.name === 'ID';
  if (seen.has(named.name)) return false;
  seen.add(named.name);
  return Object.values(named.getFields()).some((field) => holdsId(field.type, seen));
}

/** @param value that fits the type */
function findLostId(type: GraphQLInputType, value: unknown, path = ''): LostId | undefined {
  if (value === null || value === undefined) return undefined;
  if (isNonNullType(type)) return findLostId(type.ofType, value, path);
  if (isListType(type)) {
    if (!Array.isArray(value)) return findLostId(type.ofType, value, path);
    for (const [index, item] of value.entries()) {
      const lost = findLostId(type.ofType, item, `${path}[${index}]`);
      if (lost) return lost;
    }
    return undefined;
  }
  if (typeof value === 'number') {
    return type.name === 'ID' && hasLostDigits(value) ? { value, path } : undefined;
  }
  if (!isInputObjectType(type) || !isRecord(value)) return undefined;
  const fields = type.getFields();
  for (const [name, inner] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const lost = field && findLostId(field.type, inner, `${path}.${name}`);
    if (lost) return lost;
  }
  return undefined;
}
