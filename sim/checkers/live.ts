// LIVE1: once faults have stopped and everybody has gone home, nothing is left waiting: questions have ended, holds are freed,
// nothing is owed, nobody is frozen; while people still ping, each of them is matchable. SPLIT1: what the map calls a leaf is one.

import { isShort } from '../../src/cell/questions/lifecycle.ts';
import { decides, isAtRest } from '../../src/cell/resharding/phases.ts';
import { isLive } from '../../src/cell/tables/offers.ts';
import { dueQuestion, hasEnded } from '../../src/cell/tables/questions.ts';
import type { EpochMs } from '../../src/lib/brand.ts';
import type { UserId } from '../../src/protocol/ids.ts';
import type { MakeChecker } from './checker.ts';

const BREATH_MS = 1000;

export const liveChecker =
  (pinging: () => readonly UserId[]): MakeChecker =>
  ({ world, ledger, report }) => {
    const missing = new Map<UserId, number>();
    return {
      healed: () => {
        const live = new Set<UserId>();
        for (const node of world.cells.values()) {
          for (const resident of node.state?.users.values() ?? [])
            if (resident.phase === 'live') live.add(resident.user);
          const alarm = node.store.alarm();
          if (node.state === undefined || !decides(node.state)) continue;
          for (const question of node.state.questions.values()) {
            const due = dueQuestion(question, (world.now + node.skewMs) as EpochMs);
            // What is still due after it ran waits a second.
            const latest = Math.max(due, world.now + node.skewMs + BREATH_MS);
            if (!hasEnded(question.phase) && (alarm === null || alarm > latest))
              report('LIVE1', `${question.id} is ${question.phase.t}, due at ${due}, and the alarm is at ${alarm}`);
            const waits = question.phase.t === 'open' && question.phase.retryAt === undefined;
            if (waits && isShort(question) && !question.offers.some(isLive) && !node.state.searches.has(question.id))
              report('LIVE1', `${question.id} looks for nobody, and no time to try is set`);
          }
        }
        const wanted = new Set(pinging());
        for (const user of missing.keys()) if (!wanted.has(user)) missing.delete(user);
        for (const user of wanted) {
          if (live.has(user)) missing.delete(user);
          else if (!ledger.brief.has(user)) missing.set(user, (missing.get(user) ?? 0) + 1);
          if ((missing.get(user) ?? 0) > 8) report('LIVE1', `${user} pings and is matchable nowhere`);
        }
      },
      rested: () => {
        for (const leaf of world.map.leaves().keys()) {
          const state = world.cells.get(leaf)?.state;
          if (state !== undefined && state.role.phase.t !== 'leaf')
            report('SPLIT1', `${leaf} is a leaf of the map, and is ${state.role.phase.t}`);
        }
        for (const node of world.cells.values()) {
          const { state } = node;
          if (state === undefined) continue;
          if (!isAtRest(state.role) || state.role.phase.t === 'filling')
            report('LIVE1', `${node.id} is still ${JSON.stringify(state.role.phase)}`);
          if (state.role.phase.t === 'handing' && state.questions.size > 0)
            report('LIVE1', `${node.id} still has ${state.questions.size} questions to hand over`);
          for (const user of state.transfers.keys()) report('LIVE1', `${user} is still taken over by ${node.id}`);
          for (const question of state.questions.values()) {
            if (!hasEnded(question.phase)) report('LIVE1', `${question.id} is still ${question.phase.t}`);
            for (const [user, stream] of question.streams) {
              if (stream.items.length > 0)
                report('LIVE1', `${question.id} still owes ${user} ${stream.items.length} items`);
            }
          }
        }
      },
      ended: () => {
        // These have no alarm of their own: they end by the clock, and go with the next event.
        for (const node of world.cells.values()) {
          if (node.state === undefined) continue;
          for (const { user, phase, holds } of node.state.users.values()) {
            if (phase !== 'lapsed') report('LIVE1', `${user} is still ${phase} in ${node.id}`);
            if (holds.size > 0) report('LIVE1', `${user} still holds ${[...holds.keys()].join(', ')} in ${node.id}`);
          }
          for (const user of node.state.claims.keys()) report('LIVE1', `${user} is still arriving in ${node.id}`);
          const beacons = node.state.beacons.size;
          if (beacons > 0) report('LIVE1', `${beacons} beacons are left in ${node.id}`);
        }
      },
    };
  };
