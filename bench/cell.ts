// How fast one cell steps: `node bench/cell.ts [seed]`. The shipping step, called directly, without network and disk.
import { collectCandidates } from '../src/cell/users/holds.ts';
import { prng } from '../src/lib/prng.ts';
import { DEFAULT_POLICY } from '../src/matching/policy.ts';
import type { UserId } from '../src/protocol/ids.ts';
import { heading, perSecond, ratio, row, type Sample, scaled, seedOfRun, timeNs } from './support/measure.ts';
import { pingAt, pointIn, populate, questionAt, TIRELESS, town } from './support/town.ts';

const CELL = '9q8yyk';
const WIDE_CELL = '9q8yy';
const PEOPLE = 5000;
/** 5,000 people who ping every ten seconds. */
const GAP_MS = 2;

const draw = prng(seedOfRun());

/** Pings of 5,000 people in turn. `still`: everybody stays at their point. */
function presence(socket: boolean, still: boolean): Sample {
  const of = town(CELL);
  const users = populate(of, CELL, PEOPLE, draw, socket);
  const points = Array.from({ length: 1 << 13 }, () => pointIn(CELL, draw));
  let n = PEOPLE;
  return perSecond(
    timeNs(200_000, () => {
      const i = n++;
      const user = users[i % PEOPLE] as UserId;
      const point = points[(still ? i % PEOPLE : i) & (points.length - 1)] as (typeof points)[0];
      of.pass(GAP_MS);
      const ping = pingAt(point, i);
      const effects = of.request({ t: 'presence', user, ping }, socket);
      return effects.replies.length + effects.rows.length + effects.attachments.length;
    }),
  );
}

/** The best of 5,000 for one question: the scan that a scout, or the own cell, makes. */
function scan(radiusM: number): Sample {
  const of = town(WIDE_CELL);
  populate(of, WIDE_CELL, PEOPLE, draw, false);
  const needs = Array.from({ length: 256 }, (_, n) => {
    const { id, asker, point, languages } = questionAt(pointIn(WIDE_CELL, draw), n);
    return { questionId: id, asker, point, radiusM, languages, excluded: [] };
  });
  const ns = timeNs(2000, (i) => {
    const found = collectCandidates(of.state, needs[i & 255] as (typeof needs)[0], DEFAULT_POLICY, 6, of.now());
    return found.length;
  });
  return scaled(ns, 1e-3);
}

/** Questions that are asked, offered to two of 5,000, accepted, answered and so ended; each with all that follows. */
function askAndMatch(whole: boolean): Sample {
  const of = town(WIDE_CELL, { ...TIRELESS, cooldownMs: 0 });
  populate(of, WIDE_CELL, PEOPLE, draw, false);
  let n = 0;
  return perSecond(
    timeNs(2000, () => {
      of.pass(5);
      const question = questionAt(pointIn(WIDE_CELL, draw), n++);
      of.request({ t: 'ask', question });
      const offers = of.state.questions.get(question.id)?.offers ?? [];
      const [offer] = offers;
      if (offer === undefined) throw new Error('nobody was found');
      if (whole) {
        of.request({ t: 'accept', offerId: offer.id, user: offer.user });
        of.request({ t: 'answer', offerId: offer.id, user: offer.user, text: 'yes' });
      } else {
        of.request({ t: 'cancel', id: question.id, user: question.asker });
      }
      return offers.length;
    }),
  );
}

heading(`cell, ${PEOPLE} people, seed ${seedOfRun()}, processor time`);
const soft = presence(true, false);
row('presence over sockets, points changing', soft, 'events/s/core');
row('presence over sockets, standing still', presence(true, true), 'events/s/core');
const durable = presence(false, false);
row('presence over HTTP, points changing (one row each)', durable, 'events/s/core');
row('presence over HTTP, standing still', presence(false, true), 'events/s/core');
ratio('sockets over HTTP, points changing', soft, durable);
const near = scan(500);
const far = scan(1500);
row('the best of 5,000 within 500 m', near, 'µs');
row('the best of 5,000 within 1,500 m', far, 'µs');
row('the best of 5,000 within 5,000 m', scan(5000), 'µs');
row('ask, two offers, cancel', askAndMatch(false), 'questions/s/core');
row('ask, two offers, accept, answer', askAndMatch(true), 'questions/s/core');
