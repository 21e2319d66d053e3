import { parse } from 'graphql';
import { annotatedPlaces } from './annotated-places.ts';
import { locate, type SubgraphSource } from './subgraph-source.ts';

/** Directives that mean something to the gateway, or to who reads the supergraph, and that composition does not know. */
const meant: ReadonlySet<string> = new Set(['resumable', 'delivery', 'finite', 'owner', 'transition']);

/**
 * Where subgraphs apply such directives that are not in their supergraph: composition drops what nobody names in
 * @composeDirective, without a word.
 */
export function findLostDirectives(sources: readonly SubgraphSource[], supergraphSdl: string): readonly string[] {
  const kept = new Set<string>();
  for (const { coordinate, directives } of annotatedPlaces(parse(supergraphSdl, { noLocation: true }))) {
    for (const { name } of directives) kept.add(`${memberOf(coordinate)}@${plain(name.value)}`);
  }
  return sources.flatMap(({ name: subgraph, document }) =>
    [...annotatedPlaces(document)].flatMap(({ coordinate, directives }) =>
      directives
        .filter(({ name }) => meant.has(plain(name.value)) && !kept.has(`${memberOf(coordinate)}@${plain(name.value)}`))
        .map((directive) => {
          const directiveName = `@${directive.name.value}`;
          const place = locate(directive);
          const where = place === undefined ? '' : `${place}: `;
          return `${where}[${subgraph}] ${directiveName} on ${coordinate} is not in the supergraph. Name it where the subgraph's schema begins: @composeDirective(name: "${directiveName}"), with a @link of its own.`;
        }),
    ),
  );
}

/** A specification that is linked without an import puts its name before it. */
const plain = (name: string): string => name.split('__').at(-1) ?? name;

/** Root types may have names of their own in a subgraph. */
const memberOf = (coordinate: string): string => coordinate.slice(coordinate.indexOf('.') + 1);
