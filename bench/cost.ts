// What the platform would bill, counted by the shipping steps in a simulated world without faults: `node bench/cost.ts [seed] [--json]`.
// Ann and Bob are connected by sockets; she asks, he accepts and answers, both acknowledge, and a day later the question is forgotten.
// Counts are exact; dollars are published prices times counts, included amounts left out (src/city/cost.ts).

import { simMap } from '../sim/map.ts';
import type { CellNode } from '../sim/node.ts';
import { NO_FAULTS } from '../sim/options.ts';
import { World } from '../sim/world.ts';
import { costOf } from '../src/city/cost.ts';
import { center } from '../src/geo/geohash.ts';
import type { Point } from '../src/geo/point.ts';
import { present } from '../src/lib/assert.ts';
import { epochMs } from '../src/lib/brand.ts';
import { prng } from '../src/lib/prng.ts';
import type { CellRequest } from '../src/messages/calls.ts';
import { homeOf, type OfferId, type QuestionId, type UserId } from '../src/protocol/ids.ts';
import type { UserEvent } from '../src/protocol/views.ts';
import { bill } from '../studies/growth/bill.ts';
import { noUsage, type Usage } from '../studies/growth/usage.ts';
import { jsonLine, seedOfRun } from './support/measure.ts';

const CALL_MS = 9000;
const HOUR_MS = 3_600_000;
const PING_EVERY_MS = 10_000;
/** A day after its end a question is forgotten; people are gone by then. */
const FORGOTTEN_MS = 26 * HOUR_MS;

type Counted = {
  readonly question: Usage;
  readonly presence: Usage;
  readonly pings: number;
  readonly pingRows: number;
};

/** @param isNextDoor Bob is in the next cell. */
function count(isNextDoor: boolean): Counted {
  const map = simMap(2, '9q8yyk', {});
  const question = noUsage();
  const presence = noUsage();
  const book = bill(
    ({ question: id }) => (id === undefined ? presence : question),
    () => world.now,
  );
  const world = new World(
    map,
    prng(seedOfRun()),
    { faults: NO_FAULTS, delayMs: 5 },
    { committed: (node, effects, event) => book.committed(node, effects, event) },
  );
  const cell = (n: number): CellNode => world.cell(present(map.cells[n], 'cell'));
  const [west, east] = [cell(0), cell(1)];
  const settle = (ms = 3000): void => world.run(world.now + ms);
  for (const node of [west, east]) world.edge('ops').call(node.id, { t: 'load' }, CALL_MS, () => undefined);
  settle();
  const pass = (id: QuestionId | OfferId, request: CellRequest): void => {
    book.message({ question: QUESTION });
    world.edge('ann').call(homeOf(id), request, CALL_MS, () => undefined);
    settle();
  };
  const connect = (user: UserId, node: CellNode): (() => void) => {
    let seq = 0;
    const push = (frame: Readonly<Record<string, unknown>>): void => {
      if (frame['t'] !== 'event') return;
      const { seq: last } = frame as unknown as UserEvent;
      book.message({ question: QUESTION });
      world.request(node, { t: 'ack', user, seq: last }, CALL_MS, () => undefined, true);
    };
    const socket = {
      id: user,
      user,
      session: 's',
      openedAt: epochMs(world.now),
      expiresAt: undefined,
      soft: undefined,
      push,
    };
    node.sockets.set(user, socket);
    world.dispatch(node, { t: 'socket_open', user, session: 's' });
    const ping = (): void => {
      const sent = { point: pointOf(node), profile: seq === 0 ? PROFILE : {}, session: 's', seq: ++seq };
      world.request(node, { t: 'presence', user, ping: sent }, CALL_MS, () => undefined, true);
    };
    ping();
    settle();
    return ping;
  };
  const pings = [connect(ANN, west), connect(BOB, isNextDoor ? east : west)];
  const connected = presence.rows;
  const hour = HOUR_MS / PING_EVERY_MS;
  for (let n = 0; n < hour; n++) {
    for (const ping of pings) ping();
    settle(PING_EVERY_MS);
  }
  const pingRows = presence.rows - connected;
  // In one cell the circle touches no other.
  const radiusM = isNextDoor ? 1200 : 150;
  pass(QUESTION, { t: 'ask', question: { ...ASKED, radiusM, point: pointOf(west) } });
  const offer = `${QUESTION}.1` as OfferId;
  pass(offer, { t: 'accept', offerId: offer, user: BOB });
  pass(offer, { t: 'answer', offerId: offer, user: BOB, text: 'Yes.' });
  settle(FORGOTTEN_MS);
  if (west.store.get('questions', QUESTION) !== undefined) throw new Error('the question is not forgotten');
  return { question, presence, pings: hour * pings.length, pingRows };
}

const ANN = 'ann' as UserId;
const BOB = 'bob' as UserId;
const PROFILE = { topics: ['food'], languages: ['en'], capacity: 2 };
const QUESTION = 'q-9q8yykx-bench' as QuestionId;
const ASKED = {
  id: QUESTION,
  asker: ANN,
  text: 'Is the bakery open?',
  topic: 'food',
  languages: [],
  answersWanted: 1,
  expiresInMs: 600_000,
} as const;

function pointOf(node: CellNode): Point {
  return center(node.id);
}

const line = (name: string, value: number, unit: string): void =>
  console.log(`${name.padEnd(52)}${value.toFixed(value < 1 ? 4 : 1).padStart(12)} ${unit}`);

for (const [name, isNextDoor] of [
  ['one cell', false],
  ['next door', true],
] as const) {
  const { question } = count(isNextDoor);
  console.log(`\na question, asked and answered over sockets, forgotten after a day: ${name}`);
  line('rows written, alarms and deletes being rows', question.rows, 'rows');
  line('calls of objects, alarms fired being calls', question.calls, 'calls');
  line('messages on sockets', question.messages, 'messages');
  line('time that objects are awake for it', question.awakeMs, 'ms');
  line('a million of them', costOf(question).totalUsd * 1e6, 'dollars');
}
const { question, presence, pings, pingRows } = count(false);
console.log('\na person who is connected for an hour and pings every ten seconds');
line('rows written for a ping', pingRows / pings, 'rows');
const perHour = costOf(presence).totalUsd / 2;
line('an hour, coming and going included', perHour * 1e6, 'dollars a million');
jsonLine({
  rowsWrittenPerQuestion: question.rows,
  objectCallsPerQuestion: question.calls,
  dollarsPerMillionQuestions: Math.round(costOf(question).totalUsd * 1e8) / 100,
  rowsWrittenPerPing: pingRows / pings,
  dollarsPerUserHour: perHour,
});
