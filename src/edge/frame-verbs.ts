// Carries out a client's frame as the verb it names. Presence is not here: the socket's own cell takes it, without a call.
import type { Point } from '../geo/point.ts';
import { unreachable } from '../lib/assert.ts';
import type { ClientFrame } from '../protocol/frames.ts';
import { isProblem, type Problem } from '../protocol/problems.ts';
import { diskProblem } from './disk.ts';
import type { Caller, Verbs } from './verbs.ts';

/**
 * The result for an `ok` frame, in the shape that the same verb has over HTTP, or the problem for an `error` frame.
 * @param here the socket's present point, for a question without one.
 */
export async function runFrame(
  verbs: Verbs,
  caller: Caller,
  frame: Exclude<ClientFrame, { readonly t: 'presence' | 'token' }>,
  here: Point | undefined,
): Promise<{ readonly t: 'result'; readonly result: unknown } | Problem> {
  const full = diskProblem(Date.now());
  if (full !== undefined) return full;
  switch (frame.t) {
    case 'ask':
      return result(await verbs.ask(caller, frame.body, here), ({ view }) => view);
    case 'move':
      return result(await verbs.patch(caller, frame.body.id, frame.body), ({ view }) => view);
    case 'cancel':
      return result(await verbs.cancel(caller, frame.body.id), ({ view }) => view);
    case 'accept':
      return result(await verbs.accept(caller, frame.body.id), ({ view }) => view);
    case 'decline':
      return result(await verbs.decline(caller, frame.body.id), ({ view }) => view);
    case 'answer':
      return result(await verbs.answer(caller, frame.body.id, frame.body.text), ({ answer }) => answer);
    case 'ack':
      return result(await verbs.ack(caller, frame.body.seq), ({ seq }) => ({ seq }));
    default:
      return unreachable(frame, 'frame');
  }
}

function result<T extends object>(
  reply: T | Problem,
  pick: (reply: T) => unknown,
): { readonly t: 'result'; readonly result: unknown } | Problem {
  return isProblem(reply) ? reply : { t: 'result', result: pick(reply) };
}
