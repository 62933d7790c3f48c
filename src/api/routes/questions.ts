// /v1/questions: asking, and looking after what one asked.

import type { QuestionReply } from '../../messages/calls.ts';
import { isQuestionId, type QuestionId } from '../../protocol/ids.ts';
import { isProblem, type Problem, problem } from '../../protocol/problems.ts';
import { patchSchema, questionSchema, questionsQuerySchema } from '../../protocol/wire.ts';
import { heldBy } from '../held-by.ts';
import { done, type Outcome, type Route, route } from '../route.ts';

export const questionRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/v1/questions',
    summary: 'Ask whoever is near and suitable',
    scopes: ['user', 'service'],
    status: 201,
    body: questionSchema,
    keyed: true,
    handle: async ({ verbs, caller, body }) => view(await verbs.ask(caller, body)),
  }),
  route({
    method: 'GET',
    path: '/v1/questions',
    summary: 'Your questions in pages, the newest first; ended ones are kept for a day',
    scopes: ['user', 'service'],
    status: 200,
    query: questionsQuerySchema,
    handle: async ({ verbs, caller, query }) => {
      const reply = await verbs.questions(heldBy(caller, query), query);
      return isProblem(reply) ? reply : done(reply);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/questions/:id',
    summary: 'One question',
    scopes: ['user', 'service'],
    status: 200,
    handle: ({ verbs, caller, params }) => withId(params, async (id) => view(await verbs.question(caller, id))),
  }),
  route({
    method: 'PATCH',
    path: '/v1/questions/:id',
    summary: 'Move a question: it is matched where it now is',
    scopes: ['user', 'service'],
    status: 200,
    body: patchSchema,
    handle: ({ verbs, caller, params, body }) =>
      withId(params, async (id) => view(await verbs.patch(caller, id, body))),
  }),
  route({
    method: 'DELETE',
    path: '/v1/questions/:id',
    summary: 'Cancel a question',
    scopes: ['user', 'service'],
    status: 200,
    handle: ({ verbs, caller, params }) => withId(params, async (id) => view(await verbs.cancel(caller, id))),
  }),
];

function view(reply: QuestionReply | Problem): Outcome {
  return isProblem(reply) ? reply : done(reply.view);
}

/** What is no id names no question. */
function withId(
  { id = '' }: Readonly<Record<string, string>>,
  call: (id: QuestionId) => Promise<Outcome>,
): Promise<Outcome> | Outcome {
  return isQuestionId(id) ? call(id) : problem('unknown_question');
}
