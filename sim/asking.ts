// A simulated person asks, and insists until the question's cell has stored it.
import type { Point } from '../src/geo/point.ts';
import { snap } from '../src/geo/snap.ts';
import type { Prng } from '../src/lib/prng.ts';
import type { CellRequest } from '../src/messages/calls.ts';
import type { QuestionId, UserId } from '../src/protocol/ids.ts';
import type { Doubts } from './doubts.ts';
import { insistOn } from './insist.ts';
import type { Ledger } from './ledger.ts';
import { newQuestion } from './new-question.ts';
import type { AnyReply } from './node.ts';
import type { World } from './world.ts';

type Asker = {
  readonly world: World;
  readonly ledger: Ledger;
  readonly draw: Prng;
  readonly user: UserId;
  readonly doubt: Doubts;
  /** To the leaf where the question lies. */
  readonly send: (id: QuestionId, request: CellRequest, done: (reply: AnyReply) => void) => void;
  readonly where: () => Point;
};

/** Asks the run's question of that number; some are cancelled, some walk. */
export function asking({ world, ledger, draw, user, doubt, send, where }: Asker): (n: number) => void {
  const { gridLength } = world.map.policy;
  const here = (): Point => snap(where(), gridLength);
  const insist = (id: QuestionId, request: CellRequest, tries: number, done: (reply: AnyReply) => void): void =>
    insistOn(world, draw, (heard) => send(id, request, heard), tries, done);
  const cancel = (id: QuestionId): void =>
    insist(id, { t: 'cancel', id, user }, 5, (reply) => {
      if (reply.t === 'question') ledger.cancelled.add(id);
    });
  const walkAway = (id: QuestionId): void => insist(id, { t: 'patch', id, user, point: here() }, 3, () => undefined);
  return (n) => {
    const question = newQuestion(draw, user, here(), n, gridLength);
    insistOn(
      world,
      draw,
      (heard) => send(question.id, { t: 'ask', question }, heard),
      6,
      (reply) => {
        if (reply.t !== 'question') return;
        ledger.asked.set(question.id, { asker: user, key: question.key });
        doubt.asked(question.id);
        if (draw.chance(1, 10)) world.after(draw.below(60_000), () => cancel(question.id));
        if (draw.chance(1, 8)) world.after(draw.below(40_000), () => walkAway(question.id));
      },
    );
  };
}
