// /v1/presence: a user's live state.
import { isProblem } from '../../protocol/problems.ts';
import { leaveQuerySchema, presenceSchema } from '../../protocol/wire.ts';
import { done, type Route, route } from '../route.ts';

export const presenceRoutes: readonly Route[] = [
  route({
    method: 'PUT',
    path: '/v1/presence',
    summary: 'Say where you are and what you can be asked',
    scopes: ['user', 'service'],
    status: 200,
    body: presenceSchema,
    handle: async ({ verbs, caller, body }) => {
      const reply = await verbs.presence(caller, body);
      return isProblem(reply) ? reply : done(reply.view);
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/presence',
    summary: 'Leave: no more offers',
    scopes: ['user', 'service'],
    status: 204,
    query: leaveQuerySchema,
    handle: async ({ verbs, caller, query }) => {
      const reply = await verbs.leave(caller, query);
      return isProblem(reply) ? reply : done();
    },
  }),
];
