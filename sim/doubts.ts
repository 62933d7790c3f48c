// People who do what nobody should: say two things of one offer, reach for the offers of others, and look again at what has ended. Whatever
// is answered otherwise than before, or as if it were theirs, is a contradiction.
import type { Prng } from '../src/lib/prng.ts';
import type { CellRequest } from '../src/messages/calls.ts';
import type { OfferId, QuestionId, UserId } from '../src/protocol/ids.ts';
import { ENDED_STATES, type QuestionView } from '../src/protocol/views.ts';
import type { Ledger } from './ledger.ts';
import type { AnyReply } from './node.ts';

type Send = (id: QuestionId | OfferId, request: CellRequest, done: (reply: AnyReply) => void) => void;

export type Doubts = {
  readonly accepted: (offerId: OfferId) => void;
  readonly declined: (offerId: OfferId) => void;
  readonly answered: (offerId: OfferId) => void;
  readonly asked: (id: QuestionId) => void;
};

/** No older instance goes on for longer. */
const OLDER_MS = 25_000;

/** @param draw of its own, lest it shift what else is drawn. */
export function doubts(
  ledger: Ledger,
  draw: Prng,
  user: UserId,
  after: (ms: number, run: () => void) => void,
  send: Send,
): Doubts {
  const broken = (rule: string, what: string): void => void ledger.contradictions.push({ rule, what });
  const others = (): OfferId | undefined => {
    const offers = [...ledger.accepted].filter(([, of]) => of !== user);
    return offers.length === 0 ? undefined : draw.pick(offers)[0];
  };
  /** What is read may be of before, while an older instance lives: who is in doubt looks again. */
  const look = (id: QuestionId, before?: QuestionView, again = false): void =>
    send(id, { t: 'question', id, user }, (reply) => {
      const isUnknown = reply.t === 'problem' && reply.code === 'unknown_question';
      const isRevived =
        before !== undefined && hasEnded(before) && reply.t === 'question' && reply.view.state !== before.state;
      if ((isUnknown || isRevived) && !again) {
        after(OLDER_MS, () => look(id, before, true));
        return;
      }
      if (isUnknown && !ledger.lost.questions.has(id)) broken('KEEP1', `${id} is unknown to ${user}, who asked it`);
      if (reply.t !== 'question') return;
      if (isRevived) broken('LIST2', `${id} had ended as ${before.state} and is ${reply.view.state}`);
      if (before === undefined || !hasEnded(reply.view)) after(20_000 + draw.below(60_000), () => look(id, reply.view));
    });
  return {
    accepted: () => {
      const offerId = others();
      if (offerId === undefined || !draw.chance(1, 4)) return;
      send(offerId, { t: 'accept', offerId, user }, (reply) => {
        if (reply.t === 'offer') broken('PRIV2', `${user} has accepted ${offerId}, an offer to somebody else`);
      });
    },
    declined: (offerId) => {
      if (!draw.chance(1, 2)) return;
      send(offerId, { t: 'accept', offerId, user }, (reply) => {
        if (reply.t === 'offer') broken('OFFER1', `${offerId} was declined, and then accepted`);
      });
    },
    answered: (offerId) => {
      if (!draw.chance(1, 4)) return;
      send(offerId, { t: 'answer', offerId, user, text: 'something else' }, (reply) => {
        if (reply.t === 'offer') broken('OFFER1', `${offerId} took a second answer`);
      });
    },
    asked: (id) => {
      if (draw.chance(1, 3)) after(draw.below(60_000), () => look(id));
    },
  };
}

const hasEnded = ({ state }: QuestionView): boolean => ENDED_STATES.has(state);
