// WAKE1: a sleeper is tried within a minute of its time. WAKE2: nobody suitable stands beside a sleeper, in its cell or where its
// beacon lies, who arrived after it fell asleep. Both once faults have stopped.

import { isShort } from '../../src/cell/questions/lifecycle.ts';
import { needOf, policyOf } from '../../src/cell/questions/need.ts';
import { decides, welcomes } from '../../src/cell/resharding/phases.ts';
import { type CellState, isInitialised } from '../../src/cell/state.ts';
import { wasMade } from '../../src/cell/tables/offers.ts';
import type { Question } from '../../src/cell/tables/questions.ts';
import type { Resident } from '../../src/cell/tables/users.ts';
import type { Effects } from '../../src/engine/effects.ts';
import type { EpochMs } from '../../src/lib/brand.ts';
import { refuse } from '../../src/matching/filter.ts';
import type { Need } from '../../src/messages/need.ts';
import type { QuestionId, UserId } from '../../src/protocol/ids.ts';
import type { CellNode, NodeEvent } from '../node.ts';
import type { MakeChecker, Report } from './checker.ts';

const LATE_MS = 60_000;
/** A nudge, a reserve and their replies take this long at most when nothing fails. */
const GRACE_MS = 14_000;
/** Samples are this far apart at most: whoever is first seen now may have come then. */
const SAMPLE_MS = 6000;

export const wakeChecker: MakeChecker = ({ world, report }) => {
  /** Since when a pair has stood beside each other, on the world's clock; by place, then user. */
  const beside = new Map<string, Map<string, Since>>();
  /** When a question was last written, and when a scout last left its beacon somewhere, or found it: whoever stood there was seen by it. */
  const triedAt = new Map<QuestionId, number>();
  /** When a lease of theirs ended last: who comes back after that arrives anew. */
  const lapsedAt = new Map<UserId, number>();
  const laid = new Map<string, { readonly at: number; readonly stood: ReadonlyMap<string, Standing> }>();

  const look = (node: CellNode, state: CellState, need: Need): void => {
    const place = `${node.id} beside ${need.questionId}`;
    const now = (world.now + node.skewMs) as EpochMs;
    const before = beside.get(place) ?? new Map<string, Since>();
    const after = new Map<string, Since>();
    beside.set(place, after);
    const isHome = state.questions.has(need.questionId);
    const scout = isHome ? undefined : laid.get(place);
    const tried = (isHome ? triedAt.get(need.questionId) : scout?.at) ?? 0;
    for (const resident of state.users.values()) {
      if (resident.phase !== 'live' || typeof refuse(need, policyOf(state), resident, now) !== 'number') continue;
      const known = before.get(resident.user);
      // Whoever went and came back between two samples has arrived anew.
      const isSame = known?.epoch === resident.epoch && known.at > (lapsedAt.get(resident.user) ?? 0);
      const since = isSame ? known.at : world.now;
      after.set(resident.user, { at: since, epoch: resident.epoch });
      // Seen by the last try: no arrival. Somebody who rested then was not, and the end of their rest is one.
      if (tried >= since - SAMPLE_MS || stands(scout?.stood.get(resident.user), resident)) continue;
      if (world.now - since > GRACE_MS) report('WAKE2', `${resident.user} in ${place} for ${world.now - since} ms`);
    }
  };
  const homeOf = (id: QuestionId): { readonly question: Question; readonly state: CellState } | undefined => {
    for (const { state } of world.cells.values()) {
      if (state === undefined || !isInitialised(state) || !decides(state)) continue;
      const question = state.questions.get(id);
      if (question !== undefined) return { question, state };
    }
    return undefined;
  };
  const seeks = (state: CellState, question: Question): boolean => {
    const { offers } = question;
    if (!isShort(question) || state.searches.has(question.id)) return false;
    if (offers.filter(wasMade).length >= policyOf(state).offers.max) return false;
    return !offers.some((offer) => offer.state === 'reserving');
  };
  return {
    committed: (node, effects, event) => {
      const { rows } = effects;
      if (node.kind === 'cell') checkBeacon(node, effects, event, report);
      // A scout that finds its beacon as it is writes nothing, and has seen who stands there all the same.
      const scout = node.kind === 'cell' ? scoutIn(event) : undefined;
      if (scout !== undefined && node.kind === 'cell' && node.state?.beacons.has(scout.need.questionId) === true)
        laid.set(`${node.id} beside ${scout.need.questionId}`, { at: world.now, stood: stoodIn(node) });
      for (const { table, key } of rows) {
        if (table === 'questions') triedAt.set(key as QuestionId, world.now);
        const user = key as UserId;
        if (table === 'users' && node.kind === 'cell' && node.state?.users.get(user)?.phase === 'lapsed')
          lapsedAt.set(user, world.now);
      }
    },
    healed: () => {
      const known = new Map(beside);
      for (const node of world.cells.values()) {
        const { state } = node;
        if (state?.mapRow === undefined || !welcomes(state)) continue;
        const now = world.now + node.skewMs;
        for (const question of state.questions.values()) {
          const due = wakeOf(question);
          if (due !== undefined && due < now - LATE_MS) {
            report('WAKE1', `${question.id} should have been tried ${now - due} ms ago`);
          }
          if (seeks(state, question)) look(node, state, needOf(state, question));
        }
        for (const [id, beacon] of state.beacons) {
          const home = homeOf(id);
          if (home === undefined || beacon.until <= now || !seeks(home.state, home.question)) continue;
          // The beacon speaks of the place and circle in which it was left.
          look(node, state, { ...beacon.need, excluded: needOf(home.state, home.question).excluded });
        }
      }
      // What was not looked at now was being tried: whoever stands there is seen anew.
      for (const [place, pairs] of known) if (beside.get(place) === pairs) beside.delete(place);
    },
  };
};

type Since = { readonly at: number; readonly epoch: number };
type Standing = { readonly place: string; readonly holds: number };

/** How everybody here stood at that moment: who stands so still has not arrived since. */
function stoodIn(node: CellNode): ReadonlyMap<string, Standing> {
  const stood = new Map<string, Standing>();
  const now = node.state?.clock ?? 0;
  for (const resident of node.state?.users.values() ?? [])
    if (resident.phase === 'live' && resident.coolUntil <= now) stood.set(resident.user, standing(resident));
  return stood;
}

const standing = ({ epoch, point, holds, profile }: Resident): Standing => ({
  place: `${epoch} ${point.lat} ${point.lng} ${profile.topics.join()}`,
  holds: holds.size,
});

/** Taking a slot is no arrival, freeing one is. */
function stands(before: Standing | undefined, resident: Resident): boolean {
  if (before === undefined) return false;
  const now = standing(resident);
  return now.place === before.place && now.holds >= before.holds;
}

/** Whatever else changes a beacon has looked at nobody. */
function scoutIn(event: NodeEvent) {
  if (event.t !== 'request' || !('envelope' in event)) return undefined;
  const { token, envelope } = event;
  return envelope.request.t === 'scout' ? { token, need: envelope.request.need } : undefined;
}

/** SLEEP2: a scout that says it left its beacon has it on the disk in the same step. */
function checkBeacon(node: CellNode, { replies }: Effects, event: NodeEvent, report: Report): void {
  const scout = scoutIn(event);
  if (scout === undefined) return;
  const { questionId } = scout.need;
  const answer = replies.find(({ token }) => token === scout.token)?.value as { readonly beacon?: boolean } | undefined;
  if (answer?.beacon === true && node.state?.beacons.has(questionId) !== true) {
    report('SLEEP2', `${node.id} says that the beacon of ${questionId} was left, and has none`);
  }
}

function wakeOf(question: Question): number | undefined {
  if (question.phase.t === 'dormant') return question.phase.wakeAt;
  return question.phase.t === 'open' ? question.phase.retryAt : undefined;
}
