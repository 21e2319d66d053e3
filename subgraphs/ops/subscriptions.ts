import type { EventType } from '../../journal/catalogue.ts';
import type { Change } from '../reading/follow-events.ts';
import { followEvents } from '../reading/follow-events.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import { requireAuthority } from './authority.ts';
import type { OpsContext } from './context.ts';
import { eventTypes, requireEventTypes } from './event-types.ts';

interface EventArguments {
  readonly types?: readonly string[] | null;
  readonly plant?: string | null;
  readonly after?: string | null;
}

export const subscriptions: GraphQLResolverMap<OpsContext> = {
  Subscription: {
    eventRecorded: {
      subscribe: (_root: unknown, { types, ...args }: EventArguments, context: OpsContext) => {
        const { policies, principal } = context;
        requireAuthority(policies, principal, 'readEvents');
        return followEvents(context, types ? requireEventTypes(types) : eventTypes, args);
      },
      resolve: (change: Change<EventType>) => change,
    },
  },
};
