import { type Change, type FollowArguments, followEvents } from '../reading/follow-events.ts';
import type { GraphQLResolverMap } from '../schema/resolver-map.ts';
import type { CmmsContext } from './context.ts';

type AvailabilityChange = Change<'asset.availabilityChanged'>;

export const subscriptions: GraphQLResolverMap<CmmsContext> = {
  Subscription: {
    assetAvailabilityChanged: {
      subscribe: (_root: unknown, args: FollowArguments, context: CmmsContext) =>
        followEvents(context, ['asset.availabilityChanged'], args),
      resolve: (change: AvailabilityChange) => change,
    },
  },
  AssetChange: {
    type: ({ event }: AvailabilityChange) => event?.type ?? null,
    occurredAt: ({ event }: AvailabilityChange) => event?.occurredAt ?? null,
    asset: ({ event }: AvailabilityChange, _args, { loaders }) => event && loaders.assets.load(event.subject),
  },
};
