// /v1/events: the inbox. Reading removes nothing; acknowledging does.

import type { UserReply } from '../../messages/calls.ts';
import { isProblem } from '../../protocol/problems.ts';
import { ackSchema, eventsQuerySchema } from '../../protocol/wire.ts';
import { heldBy } from '../held-by.ts';
import { done, type Route, route } from '../route.ts';

const pageOf = ({ items, next, reset }: Extract<UserReply<'events'>, { readonly t: 'events' }>) => ({
  items,
  next,
  ...(reset === undefined ? {} : { reset }),
});

export const eventRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/events',
    summary: 'Events after a number; waits for one if there is none',
    scopes: ['user', 'service'],
    status: 200,
    query: eventsQuerySchema,
    handle: async ({ verbs, caller, query }) => {
      const reply = await verbs.events(heldBy(caller, query), query.after ?? 0, query.waitS ?? 0);
      return isProblem(reply) ? reply : done(pageOf(reply));
    },
  }),
  route({
    method: 'POST',
    path: '/v1/events/ack',
    summary: 'Remove the events up to a number',
    scopes: ['user', 'service'],
    status: 200,
    body: ackSchema,
    handle: async ({ verbs, caller, body }) => {
      const reply = await verbs.ack(heldBy(caller, body), body.seq);
      return isProblem(reply) ? reply : done({ seq: reply.seq });
    },
  }),
];
