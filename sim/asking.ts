// A simulated person asks, through the edge's own steps: first their object lets one more question pass, then its cell stores it.
import { afterAdmit } from '../src/engine/admission.ts';
import type { Point } from '../src/geo/point.ts';
import { snap } from '../src/geo/snap.ts';
import type { Prng } from '../src/lib/prng.ts';
import type { CellRequest, UserReply } from '../src/messages/calls.ts';
import type { NewQuestion } from '../src/messages/records.ts';
import type { QuestionId, UserId } from '../src/protocol/ids.ts';
import type { Doubts } from './doubts.ts';
import { insistOn } from './insist.ts';
import type { Ledger } from './ledger.ts';
import { newQuestion } from './new-question.ts';
import type { AnyReply } from './node.ts';
import type { World } from './world.ts';

/** Of the edge, which answers its client within 15 s or never. */
const ADMIT_MS = 5000;

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
  const { gridLength, question: limits } = world.map.policy;
  const here = (): Point => snap(where(), gridLength);
  const insist = (id: QuestionId, request: CellRequest, tries: number, done: (reply: AnyReply) => void): void =>
    insistOn(world, draw, (heard) => send(id, request, heard), tries, done);
  /** One request of the client. */
  const askOnce = (question: NewQuestion, done: (reply: AnyReply) => void): void => {
    const { id, key } = question;
    const admit = (tries: number): void =>
      world.request(world.user(user), { t: 'admit', user, id, openMax: limits.openMax }, ADMIT_MS, (reply) => {
        if (reply.t === 'failed') {
          done(reply);
          return;
        }
        const next = afterAdmit(reply as UserReply<'admit'>, tries, key !== undefined);
        if (next.t === 'again') world.after(next.waitMs, () => admit(tries + 1));
        else if (next.t === 'refused') done(next.problem);
        else send(id, { t: 'ask', question, ...(next.refused === undefined ? {} : { refused: next.refused }) }, done);
      });
    admit(1);
  };
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
      (heard) => askOnce(question, heard),
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
