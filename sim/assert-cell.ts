// What must hold of a cell's memory after every single step: the indexes agree with what they index, and whatever must be woken for is.

import { acceptedCount, isShort } from '../src/cell/questions/lifecycle.ts';
import { decides } from '../src/cell/resharding/phases.ts';
import type { AnyCell } from '../src/cell/state.ts';
import { dueBeacon } from '../src/cell/tables/beacons.ts';
import { dueClaim } from '../src/cell/tables/claims.ts';
import { type DueKind, dueKey } from '../src/cell/tables/indexes.ts';
import { dueQuestion, hasEnded } from '../src/cell/tables/questions.ts';
import { dueResident } from '../src/cell/tables/users.ts';
import type { EpochMs } from '../src/lib/brand.ts';

/** What is overdue after a construction waits a moment. */
const BREATH_MS = 1000;

export type Broken = { readonly rule: string; readonly what: string };

/** Empty when all is well. Reads nothing from the disk. */
export function assertCell(state: AnyCell): readonly Broken[] {
  const broken: Broken[] = [];
  const expect = (isSo: boolean, rule: string, what: () => string): void => {
    if (!isSo) broken.push({ rule, what: what() });
  };
  /** Something wakes the cell for it, in time. */
  const watched = (kind: DueKind, id: string, due: EpochMs | undefined): void => {
    if (due === undefined) return;
    const key = dueKey(kind, id);
    const at = state.agenda.get(key) ?? state.lazyAgenda.get(key);
    const latest = Math.max(due, state.clock + BREATH_MS);
    expect(at !== undefined && at <= latest, 'ALARM1', () => `${kind} ${id} is due at ${due}, and watched at ${at}`);
  };
  let live = 0;
  for (const resident of state.users.values()) {
    if (resident.phase === 'live') live++;
    const questions = [...resident.holds.values()].map(({ questionId }) => questionId);
    expect(
      new Set(questions).size === questions.length,
      'ONE2',
      () => `${resident.user} has two holds for one question`,
    );
    watched('user', resident.user, dueResident(resident));
    const stays = resident.phase === 'lapsed';
    expect(
      !stays || state.role.phase.t !== 'handing',
      'LEASE1',
      () => `${resident.user} has lapsed, and does not go home`,
    );
    expect(
      !stays || state.mapRow?.removed !== true,
      'LEASE1',
      () => `${resident.user} has lapsed, and does not go home`,
    );
  }
  expect(state.roster.size() === live, 'MATCH1', () => `${live} are live, ${state.roster.size()} are on the roster`);
  for (const arriving of state.claims.values()) watched('claim', arriving.user, dueClaim(arriving));
  for (const [id, beacon] of state.beacons) {
    watched('beacon', id, dueBeacon(beacon));
    expect(state.sleepers.has(id), 'WAKE2', () => `the beacon of ${id} is held against nobody`);
    expect(!state.questions.has(id), 'WAKE2', () => `the beacon of ${id} lies where the question is`);
  }
  if (!decides(state)) return broken;
  for (const question of state.questions.present()) {
    const { id, answersWanted } = question;
    expect(acceptedCount(question) <= answersWanted, 'ONE1', () => `${id} has more accepts than it wants answers`);
    expect(state.sleepers.has(id) === isShort(question), 'WAKE2', () => `the index of sleepers is wrong about ${id}`);
    if (!hasEnded(question.phase)) watched('question', id, dueQuestion(question, state.clock));
  }
  return broken;
}
