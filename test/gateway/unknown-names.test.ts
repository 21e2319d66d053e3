import { expect, test } from 'vitest';
import { defaultGatewayConfig, type GatewayConfig } from '../../gateway/config.ts';
import { composeSources } from '../../gateway/supergraph/compose.ts';
import { startFederation } from '../support/federation-gateway.ts';
import { readDefinition, type SubgraphDefinition } from '../support/federation-subgraph.ts';
import { logWith } from '../support/runtime.ts';

const resumable = (names: string): SubgraphDefinition => ({
  typeDefs: `
    extend schema @link(url: "https://example.com/streams/v1.0", import: ["@resumable"])
      @composeDirective(name: "@resumable")
    directive @resumable(cursor: String!, after: String!) on FIELD_DEFINITION
    type Query { lots(idempotentOnly: Boolean, search: LotSearch): [Lot!] }
    input LotSearch { idempotencyKeys: ID }
    type Mutation { hold(id: ID!, input: HoldInput, urgent: Boolean, kind: HoldKind): Lot }
    enum HoldKind { QUALITY }
    input HoldInput { meta: [HoldMeta!]! count: Int comment: String }
    input HoldMeta { idempotencyKey: ID! after: HoldInput }
    type Subscription { lotHeld(after: String): LotHeld @resumable(${names}) }
    type LotHeld { cursor: String lot: Lot }
    type Lot @key(fields: "id") { id: ID! }
  `,
});
const mes: SubgraphDefinition = { typeDefs: 'type Lot @key(fields: "id") { id: ID! line: String }' };
const goodNames = 'cursor: "cursor", after: "after"';

const misspelt: Partial<GatewayConfig> = {
  subgraphs: {
    ...defaultGatewayConfig.subgraphs,
    timeoutMsBySubgraph: { mes: 50, mse: 70 },
    subscriptionProtocolBySubgraph: { QMS: 'sse' },
    subscriptionUrlBySubgraph: { qms: 'ws://127.0.0.1:9', ems: 'ws://127.0.0.1:9' },
    idempotencyKey: 'idempotenceKey',
  },
  subscriptions: { ...defaultGatewayConfig.subscriptions, latestFields: ['lotheld'], mustDeliverFields: ['lotHeld'] },
};

/** A gateway, and what it warned of. */
async function start(definitions: Record<string, SubgraphDefinition>, config: Partial<GatewayConfig> = {}) {
  const warnings: unknown[] = [];
  const warn = (event: string, fields: object = {}) => void warnings.push({ event, ...fields });
  const log = logWith({ warn });
  const federation = await startFederation(definitions, { config, runtime: { log } });
  const supergraphOf = (others: Record<string, SubgraphDefinition>) =>
    composeSources(
      Object.entries(others).map(([name, definition]) => ({
        name,
        url: federation.subgraphs[name]?.url ?? '',
        document: readDefinition(definition),
      })),
    ).sdl;
  return { federation, supergraphOf, told: () => warnings.splice(0) };
}

const event = 'an option names what the supergraph does not have';

test('a name in the options that the supergraph does not have is told at the start, with the nearest that it has', async () => {
  const { federation, told } = await start({ qms: resumable(goodNames), mes }, misspelt);
  expect(told()).toEqual([
    { event, option: 'subgraphs.timeoutMsBySubgraph', name: 'mse', known: ['mes', 'qms'] },
    { event, option: 'subgraphs.subscriptionProtocolBySubgraph', name: 'QMS', known: ['qms', 'mes'] },
    { event, option: 'subgraphs.subscriptionUrlBySubgraph', name: 'ems', known: ['qms', 'mes'] },
    { event, option: 'subgraphs.idempotencyKey', name: 'idempotenceKey', known: ['idempotencyKey', 'comment', 'id'] },
    { event, option: 'subscriptions.latestFields', name: 'lotheld', known: ['lotHeld'] },
  ]);
  await federation.close();
});

test('a supergraph that loses a subgraph is taken into use, and the options that name it are told once', async () => {
  const config = { subgraphs: { ...defaultGatewayConfig.subgraphs, timeoutMsBySubgraph: { mes: 50 } } };
  const { federation, supergraphOf, told } = await start({ qms: resumable(goodNames), mes }, config);
  const without = supergraphOf({ qms: resumable(goodNames) });
  const lost = [{ event, option: 'subgraphs.timeoutMsBySubgraph', name: 'mes', known: ['qms'] }];
  expect(told()).toEqual([]);
  expect(await federation.gateway.replaceSupergraph(without)).toBe(true);
  expect(told()).toEqual(lost);
  expect(await federation.gateway.replaceSupergraph(`${without}\n# the same`)).toBe(true);
  expect(told()).toEqual([]);
  expect(await federation.gateway.replaceSupergraph(federation.sdl)).toBe(true);
  expect(await federation.gateway.replaceSupergraph(without)).toBe(true);
  expect(told()).toEqual(lost);
  await federation.close();
});

test('what @resumable names and its field does not have is told as well', async () => {
  const { federation, told } = await start({ qms: resumable('cursor: "curser", after: "since"') });
  expect(told()).toEqual([
    { event, option: '@resumable(after:) of Subscription.lotHeld', name: 'since', known: ['after'] },
    { event, option: '@resumable(cursor:) of Subscription.lotHeld', name: 'curser', known: ['cursor', 'lot'] },
  ]);
  await federation.close();
});
