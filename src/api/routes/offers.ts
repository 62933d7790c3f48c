// /v1/offers: what one was asked, and what one says to it. The same request again gets the same answer.

import type { OfferReply } from '../../messages/calls.ts';
import { isOfferId, type OfferId } from '../../protocol/ids.ts';
import { isProblem, type Problem, problem } from '../../protocol/problems.ts';
import { answerSchema, recordQuerySchema } from '../../protocol/wire.ts';
import { heldBy } from '../held-by.ts';
import { done, type Outcome, type Route, route } from '../route.ts';

export const offerRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/offers',
    summary: 'Your live offers',
    scopes: ['user', 'service'],
    status: 200,
    query: recordQuerySchema,
    handle: async ({ verbs, caller, query }) => {
      const reply = await verbs.offers(heldBy(caller, query));
      return isProblem(reply) ? reply : done({ items: reply.items });
    },
  }),
  route({
    method: 'POST',
    path: '/v1/offers/:id/accept',
    summary: 'Accept an offer: final once it is acknowledged',
    scopes: ['user', 'service'],
    status: 200,
    handle: ({ verbs, caller, params }) => withId(params, async (id) => view(await verbs.accept(caller, id))),
  }),
  route({
    method: 'POST',
    path: '/v1/offers/:id/decline',
    summary: 'Decline an offer',
    scopes: ['user', 'service'],
    status: 200,
    handle: ({ verbs, caller, params }) => withId(params, async (id) => view(await verbs.decline(caller, id))),
  }),
  route({
    method: 'POST',
    path: '/v1/offers/:id/answer',
    summary: 'Answer a question that you accepted',
    scopes: ['user', 'service'],
    status: 201,
    body: answerSchema,
    handle: ({ verbs, caller, params, body }) =>
      withId(params, async (id) => {
        const reply = await verbs.answer(caller, id, body.text);
        return isProblem(reply) ? reply : done(reply.answer);
      }),
  }),
];

function view(reply: OfferReply | Problem): Outcome {
  return isProblem(reply) ? reply : done(reply.view);
}

function withId(
  { id = '' }: Readonly<Record<string, string>>,
  call: (id: OfferId) => Promise<Outcome>,
): Promise<Outcome> | Outcome {
  return isOfferId(id) ? call(id) : problem('unknown_offer');
}
