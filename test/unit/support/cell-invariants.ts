// What must hold of a cell after every single step, whatever the test is about.

import { expect } from 'vitest';
import { assertCell } from '../../../sim/assert-cell.ts';
import { recordsIn } from '../../../sim/recorded.ts';
import type { AnyCell } from '../../../src/cell/state.ts';
import { encodeClaim } from '../../../src/cell/tables/claims.ts';
import type { Question } from '../../../src/cell/tables/questions.ts';
import { encodeQuestion } from '../../../src/cell/tables/questions.ts';
import { encodeUser } from '../../../src/cell/tables/users.ts';
import type { Effects } from '../../../src/engine/effects.ts';
import { present } from '../../../src/lib/assert.ts';
import { looksNoFarther } from '../../../src/matching/stages.ts';
import type { Veil } from '../../../src/messages/records.ts';
import type { MemoryRows } from '../../../src/store/memory/memory-rows.ts';

export type Before = { readonly alarmAt: number | null; readonly journalLast: number };

/** @param inAlarm the step was the alarm's own handler, which alone may arm later than what was armed. */
export function checkStep(
  state: AnyCell,
  store: MemoryRows,
  effects: Effects,
  before: Before,
  now: number,
  inAlarm: boolean,
): void {
  const numbers = recordsIn(effects.rows).map(({ n }) => n);
  const fresh = numbers.filter((n) => n > before.journalLast);
  expect(fresh, 'numbers of the journal').toEqual(fresh.map((_, i) => before.journalLast + 1 + i));
  const keys = effects.rows.map(({ table, key }) => `${table}/${key}`);
  expect(
    keys.filter((key, i) => keys.indexOf(key) !== i),
    'rows written twice',
  ).toEqual([]);
  const armedLater =
    !inAlarm && before.alarmAt !== null && before.alarmAt > now && (effects.alarmAt ?? 0) > before.alarmAt;
  expect(armedLater, 'alarm moved later outside its handler').toBe(false);
  expect(assertCell(state)).toEqual([]);
  const due = state.agenda.next();
  if (due !== undefined) expect(store.alarm() ?? Number.POSITIVE_INFINITY, 'armed alarm').toBeLessThanOrEqual(due);
}

/**
 * Everything that a crash must not change. Left out: what a socket carries, when and where a held user last pinged, when a hold next
 * asks, when a sleeper is tried next, and how much of a stream was acknowledged.
 */
export function durable(state: AnyCell, connected: ReadonlySet<string> = new Set()): unknown {
  const parse = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
  const users = [...state.users.values()].map((resident) => {
    const { pointAt, leaseUntil, seq, session, holds, point, ttlMs, returnAt, veil, ...rest } = parse(
      encodeUser(resident),
    );
    const { last, ...lasting } = (veil ?? {}) as Partial<Veil>;
    return {
      ...rest,
      ...(connected.has(resident.user) ? {} : { point, ttlMs, veil: lasting }),
      holds: (holds as { until?: number; askAt?: number }[]).map(({ until, askAt, ...hold }) => hold),
    };
  });
  const questions = [...state.questions.values()].map((question) => {
    const { streams, stage, phase, ...rest } = parse(encodeQuestion(question));
    const sleeps = question.phase.t === 'dormant';
    const sleep = sleeps ? { phase: 'dormant', stage: storedStage(state, question) } : { stage, phase };
    return { ...rest, ...sleep, streams: (streams as { u: string; n: number }[]).map(({ u, n }) => ({ u, n })) };
  });
  const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  return {
    mapRow: state.mapRow,
    life: state.role,
    taking: [...state.transfers.keys()].sort(),
    users: users.sort(byText),
    questions: questions.sort(byText),
    arriving: [...state.claims.values()].filter((one) => one.stored).map((one) => parse(encodeClaim(one))),
    // Whom a beacon excludes by now, and of which version it is, is told again by the next nudge or scout.
    beacons: [...state.beacons.values()]
      .map(({ need: { excluded, version, ...need }, until }) => ({ need, until }))
      .sort(byText),
    journalLast: state.journalLast,
    roster: state.roster.size(),
    sleepers: state.sleepers.size(),
  };
}

/** Tries that look no farther than the one before count in memory alone, and so does the time of the next. */
function storedStage({ mapRow }: AnyCell, { askedRadiusM, stage }: Question): number {
  const { policy } = present(mapRow, 'map row');
  let stored = stage;
  while (stored > 1 && looksNoFarther(policy, askedRadiusM, stored - 1)) stored--;
  return stored;
}
