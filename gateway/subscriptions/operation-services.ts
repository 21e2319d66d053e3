import type { GraphQLSchema } from 'graphql';
import type { Runtime } from '../../runtime/runtime.ts';
import type { SubscriptionsConfig } from '../config.ts';
import type { DocumentSource } from '../documents/document-source.ts';
import type { AnswerWriter } from '../execution/write/answer-writer.ts';
import type { OperationPreparer } from '../preparation/operation-preparer.ts';
import type { Tracer } from '../request/span.ts';
import type { SubscriptionRule } from '../supergraph/subscription-rules.ts';
import type { AccessLog } from '../telemetry/access-log.ts';
import type { LiveAuthorities } from './live-authority.ts';
import type { SharedStreams } from './shared-streams.ts';
import type { StreamQuota } from './stream-quota.ts';

/** What operations that stay open need of the gateway, over whichever transport. Read at each operation, since a supergraph may be replaced. */
export interface OperationServices {
  readonly engine: {
    readonly preparer: OperationPreparer;
    readonly supergraph: {
      readonly schema: GraphQLSchema;
      readonly subscriptionRules: ReadonlyMap<string, SubscriptionRule>;
    };
  };
  readonly documents: DocumentSource;
  readonly streams: SharedStreams;
  readonly authorities: LiveAuthorities;
  readonly quota: StreamQuota;
  readonly answers: AnswerWriter;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Absent where there is none. */
  readonly accessLog?: AccessLog | undefined;
  readonly config: SubscriptionsConfig;
  readonly runtime: Runtime;
}
