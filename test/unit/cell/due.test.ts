// When each entity wants attention next, as a table.
import { describe, expect, it } from 'vitest';
import { dueBeacon } from '../../../src/cell/tables/beacons.ts';
import type { PendingClaim } from '../../../src/cell/tables/claims.ts';
import { dueClaim } from '../../../src/cell/tables/claims.ts';
import type { Offer } from '../../../src/cell/tables/offers.ts';
import type { Phase, Question, Stream } from '../../../src/cell/tables/questions.ts';
import { dueQuestion } from '../../../src/cell/tables/questions.ts';
import type { Resident } from '../../../src/cell/tables/users.ts';
import { decodeUser, dueResident, encodeUser, residentOf } from '../../../src/cell/tables/users.ts';
import { type EpochMs, epochMs, plusMs } from '../../../src/lib/brand.ts';
import type { UserId } from '../../../src/protocol/ids.ts';
import { ana, at, bob, CELL, need, oid, ping, qid, START } from '../support/names.ts';

const t = (ms: number): EpochMs => plusMs(START, ms);
const DAY_MS = 86_400_000;

/** What each says beside that it is in that phase. */
const PHASES = {
  live: () => ({ phase: 'live' }),
  lapsed: (lapsedAt: EpochMs) => ({ phase: 'lapsed', lapsedAt }),
  frozen: (frozenAt: EpochMs) => ({ phase: 'frozen', frozenAt }),
} as const satisfies Record<Resident['phase'], unknown>;

const user = (phase: Resident['phase'], holdsUntil: readonly number[], sinceMs = 0): Resident =>
  residentOf<Resident>({
    ...(PHASES[phase](t(sinceMs)) as { readonly phase: 'live' }),
    user: bob,
    epoch: 1,
    inbox: undefined,
    session: 's',
    seq: undefined,
    profile: { topics: [], languages: [], capacity: 1 },
    point: at(),
    pointAt: START,
    leaseUntil: t(60_000),
    ttlMs: 60_000,
    idleSince: START,
    coolUntil: START,
    reputation: 0.5,
    pseudonym: 'p',
    blocked: [],
    holds: holdsUntil.map((ms, i) => ({
      offerId: oid(i + 1),
      questionId: qid(i + 1),
      text: 'x',
      point: at(),
      distanceM: 1,
      state: 'pending',
      until: t(ms),
    })),
  });

/** Rows that did not say yet since when they had been what they were. */
function ofVersion(v: number, resident: Resident): Resident {
  const { frozenAt: _, lapsedAt: __, ...row } = JSON.parse(encodeUser(resident)) as Readonly<Record<string, unknown>>;
  return decodeUser(JSON.stringify({ ...row, v }));
}

const offer = (state: Offer['state'], untilMs: number): Offer =>
  ({
    id: oid(1),
    user: bob,
    cell: CELL,
    distanceM: 1,
    score: 1,
    state,
    triedAt: START,
    madeAt: START,
    until: t(untilMs),
    ...(state === 'answered' ? { answer: { text: 'x', at: START } } : {}),
  }) as Offer;
const stream = (items: number, retryMs?: number): Stream => ({
  next: 2,
  acked: 0,
  items: Array.from({ length: items }, (_, i) => ({ n: i + 1 })),
  retryAt: retryMs === undefined ? undefined : t(retryMs),
  call: undefined,
  failures: 0,
});
const question = (phase: Phase, offers: readonly Offer[] = [], streams: readonly Stream[] = []): Question => ({
  id: qid(),
  asker: ana,
  key: undefined,
  bodyHash: undefined,
  point: at(),
  text: 'x',
  topic: undefined,
  languages: [],
  askedRadiusM: 500,
  answersWanted: 1,
  incarnation: START,
  createdAt: START,
  expiresAt: t(900_000),
  phase,
  stage: 0,
  nextAttempt: 1,
  offers: [...offers],
  streams: new Map(streams.map((one, i): [UserId, Stream] => [`u${i}` as UserId, one])),
});
const arriving = (leaseMs: number, retryMs?: number): PendingClaim => ({
  user: bob,
  ping: ping(),
  pingAt: START,
  leaseUntil: t(leaseMs),
  stored: true,
  retryAt: retryMs === undefined ? undefined : t(retryMs),
  order: undefined,
  again: false,
  inFlight: undefined,
  saidSince: {},
  fence: 0,
  tokens: [],
});

describe('ALARM1 what is due when', () => {
  it.each<[string, Resident, number]>([
    ['a live user: the end of the lease', user('live', []), 60_000],
    ['a live user with holds: the first of them', user('live', [50_000, 20_000]), 20_000],
    ['a live user whose holds last longer: the lease', user('live', [90_000]), 60_000],
    ['a lapsed user: the first hold', user('lapsed', [90_000, 80_000]), 80_000],
    [
      'a lapsed user without holds: a day after the lease, when the record goes home',
      user('lapsed', [], 60_000),
      60_000 + DAY_MS,
    ],
    ['a lapsed user whose holds last longer: the day', user('lapsed', [2 * DAY_MS], 60_000), 60_000 + DAY_MS],
    ['a lapsed user of before: a day after the lease', ofVersion(3, user('lapsed', [])), 60_000 + DAY_MS],
    ['a frozen user: a minute after it was frozen, whatever its holds', user('frozen', [10], 5000), 65_000],
    ['a frozen user of before: a minute after the lease', ofVersion(1, user('frozen', [])), 120_000],
  ])('%s', (_, who, ms) => {
    expect(dueResident(who)).toBe(t(ms));
  });

  it.each<[string, Question, number]>([
    ['open: its expiry', question({ t: 'open', retryAt: undefined }), 900_000],
    ['open with a time to try again', question({ t: 'open', retryAt: t(7000) }), 7000],
    ['dormant: its wake-up', question({ t: 'dormant', wakeAt: t(9000) }), 9000],
    ['dormant beyond its expiry: the expiry', question({ t: 'dormant', wakeAt: t(990_000) }), 900_000],
    ['matched: its expiry', question({ t: 'matched' }, [offer('accepted', 900_000)]), 900_000],
    ['a pending offer', question({ t: 'open', retryAt: undefined }, [offer('pending', 30_000)]), 30_000],
    ['an attempt on its way', question({ t: 'open', retryAt: undefined }, [offer('reserving', 4000)]), 4000],
    ['an offer that has ended', question({ t: 'open', retryAt: undefined }, [offer('declined', 4000)]), 900_000],
    ['ended: a day later', question({ t: 'cancelled', endedAt: t(100) }), 100 + DAY_MS],
    ['news to repeat', question({ t: 'answered', endedAt: t(100) }, [], [stream(1, 2500)]), 2500],
    ['news to be sent: a guard', question({ t: 'expired', endedAt: t(100) }, [], [stream(1)]), 30_000],
    [
      'news on their way: a guard, should the object die meanwhile',
      question({ t: 'expired', endedAt: t(100) }, [], [{ ...stream(1), call: 7 }]),
      30_000,
    ],
    ['news that were stored', question({ t: 'expired', endedAt: t(100) }, [], [stream(0, 2500)]), 100 + DAY_MS],
  ])('a question: %s', (_, one, ms) => {
    expect(dueQuestion(one, START)).toBe(t(ms));
  });

  it.each([
    ['a claim in flight: the end of the lease', arriving(60_000), 60_000],
    ['a claim to repeat', arriving(60_000, 1000), 1000],
    ['a claim to repeat after the lease: the lease', arriving(60_000, 70_000), 60_000],
  ] as const)('%s', (_, one, ms) => {
    expect(dueClaim(one)).toBe(t(ms));
  });

  it('a beacon: its end', () => {
    expect(dueBeacon({ need: need(), until: epochMs(42) })).toBe(42);
  });
});
