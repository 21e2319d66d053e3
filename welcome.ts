import { createDevelopmentTokens } from './auth/development-tokens.ts';
import type { Keys } from './auth/keys.ts';
import type { AndonConfig } from './config.ts';
import type { Clock } from './runtime/clock.ts';

export interface WelcomeOptions {
  readonly url: string;
  readonly metricsUrl: string | undefined;
  readonly keys: Keys;
  readonly config: AndonConfig;
  readonly clock: Clock;
}

/** The query that GraphiQL opens with: one answer out of all four systems, and what to try after it. */
const firstQuery = `# One graph over ERP, MES, QMS and CMMS. Press play.
query RunningOrders {
  productionOrders(filter: { plant: "BER" }, first: 5) {
    nodes {
      orderNo
      state { code }
      material { name }
      progress { producedQuantity { value unit } }
      lot { lotNumber qualityState usability { canShip blockers { message } } }
      operations { name executionState { code } workCenter { name effectiveAvailability } }
    }
  }
}

# Watch holds live: run this in a second tab …
subscription Holds {
  qualityHoldChanged(plant: "BER") {
    type
    hold { holdNo state { code } reason lot { lotNumber material { name } } order { orderNo } }
  }
}

# … and place one here.
mutation PlaceHold {
  placeHold(
    input: { scope: "mfg:BER:lot:LEMON-05L:L10901" }
    meta: { idempotencyKey: "my-first-hold", reason: { text: "Label smudged." } }
  ) {
    outcome
    rejections { message remediation }
  }
}
`;

/** What a stranger reads after \`npm start\`: where it is, what to try first, and tokens to try it with. */
function text({ url: endpoint, metricsUrl, keys, config, clock }: WelcomeOptions): string {
  return [
    '',
    'Andon is ready.',
    '',
    `  GraphQL, GraphiQL   ${endpoint}`,
    `  Subscriptions       ${endpoint.replace('http', 'ws')} (graphql-transport-ws)`,
    ...(metricsUrl === undefined ? [] : [`  Metrics             ${metricsUrl}`]),
    `  Data                ${config.databaseUrl ? 'PostgreSQL (DATABASE_URL)' : `${config.dataDir} (embedded SQLite)`}`,
    `  Keys                ${keysInForce(keys)}`,
    '',
    ...(keys.inForce === 'DEVELOPMENT'
      ? tryFirst(endpoint, createDevelopmentTokens({ keys: keys.development, clock }))
      : []),
    '',
  ].join('\n');
}

function keysInForce(keys: Keys): string {
  if (keys.inForce === 'PRODUCTION') return `production keys of ${keys.issuers.map(({ issuer }) => issuer).join(', ')}`;
  return 'DEVELOPMENT keys, made on first start; set ANDON_JWKS_URL to use your identity provider';
}

function tryFirst(endpoint: string, tokens: ReturnType<typeof createDevelopmentTokens>): readonly string[] {
  const quality = tokens.find(({ person }) => person.roles.includes('QUALITY_ENGINEER'))?.token ?? '';
  return [
    `Try first: open ${endpoint} in a browser and press play; or, in another terminal:`,
    '',
    `  TOKEN=${quality}`,
    `  curl -s ${endpoint} -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\`,
    `    -d '{"query":"{ productionOrders(first: 3) { nodes { orderNo state { code } lot { lotNumber qualityState } } } }"}'`,
    '',
    'Development tokens, valid for 12 hours (more with `npx andon token --help`):',
    '',
    ...tokens.flatMap(({ person, token }) => [
      `  ${person.name}: ${person.roles.join(', ')} in ${person.plants.join(', ')}${person.partner ? `, partner ${person.partner}` : ''}`,
      `    ${token}`,
    ]),
  ];
}

export const welcome = { firstQuery, text };
