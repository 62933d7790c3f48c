// Faults in the life of questions: offers, streams, sleep and beacons.
import { type Mutant, one } from './mutant.ts';

export const QUESTIONS_MUTANTS: readonly Mutant[] = [
  one(
    'void-revived',
    'an attempt that was given up becomes an offer after all',
    'src/cell/questions/searches.ts',
    "if (isHeld && offer.state === 'void') release(step, id, offer.user, cell);",
    "if (isHeld && offer.state === 'void') publishOffer(step, question, offer);",
  ),
  one(
    'sent-before-commit',
    'answers leave before their commit',
    'src/engine/interpreter.ts',
    '      commit(effects);\n      publish(effects);',
    '      publish(effects);\n      commit(effects);',
  ),
  {
    name: 'memory-ahead',
    what: 'the memory is kept after a write that failed',
    edits: [
      { file: 'src/engine/interpreter.ts', find: '        dead = true;\n', replace: '' },
      { file: 'src/engine/interpreter.ts', find: '        ports.abort(', replace: '        void (' },
    ],
  },
  {
    name: 'attachment-revives',
    what: 'the attachment of a socket brings a user back who was given up',
    edits: [
      {
        file: 'src/cell/boot.ts',
        find: "if (resident === undefined || resident.epoch !== soft.epoch || resident.phase === 'frozen') {",
        replace: 'if (resident === undefined) {',
      },
      {
        file: 'src/cell/boot.ts',
        find: "if (resident.phase === 'live') state.roster",
        replace:
          "resident.phase = 'live';\n  step.users.add(resident.user);\n  if (resident.phase === 'live') state.roster",
      },
    ],
  },
  one(
    'beacon-after-scout',
    'the beacon is not left in the step of its scout',
    'src/cell/requests.ts',
    'isWanted && leaveBeacon(step, need, beaconMs);',
    'isWanted && need !== undefined;',
  ),
  one(
    'freed-slot-unseen',
    'a user who frees a slot is not resident against the sleepers',
    'src/cell/users/holds.ts',
    "if (resident.phase === 'live') step.wakeCandidates.add(resident.user);",
    '',
  ),
  one(
    'wake-forgotten',
    'a sleeper is not tried when its time has come',
    'src/cell/overdue.ts',
    "if (phase.t === 'dormant') return phase.wakeAt <= step.now;",
    "if (phase.t === 'dormant') return false;",
  ),
  {
    name: 'gap-accepted',
    what: 'the inbox takes an item behind a gap, from a question that sends its newest alone',
    edits: [
      { file: 'src/record/inbox.ts', find: 'item.n > from + 1 || ', replace: '' },
      {
        file: 'src/cell/questions/delivery.ts',
        find: 'withinBytes(stream.items, NEWS_MAX, NEWS_BYTES_MAX)',
        replace: 'stream.items.slice(-1)',
      },
    ],
  },
  one(
    'repeat-accepted',
    'the inbox stores an item that it has',
    'src/record/inbox.ts',
    'if (item.n <= from) continue;',
    '',
  ),
  one(
    'ack-too-far',
    'acknowledging one event removes the later ones',
    'src/record/inbox.ts',
    'if (one > upTo) break;',
    '',
  ),
  one(
    'owed-forgotten',
    'what could not be delivered is forgotten',
    'src/cell/questions/delivery.ts',
    'stream.failures++;',
    'stream.items = [];',
  ),
  one(
    'alarm-later',
    'the alarm is moved later outside its handler',
    'src/engine/alarm.ts',
    'if (next !== undefined && (armedAt === undefined || next < armedAt)) {\n    state.armedAt = next;\n    effects.alarmAt = next;',
    'if (next !== undefined && (inAlarm || effects.rows.length > 0)) {\n    state.armedAt = (inAlarm ? next : next + 600_000) as EpochMs;\n    effects.alarmAt = state.armedAt;',
  ),
  one(
    'answers-lost-at-expiry',
    'a question with answers expires',
    'src/cell/overdue.ts',
    "answeredCount(question) > 0 ? 'answered' : 'expired'",
    "'expired'",
  ),
  one(
    'key-forgotten',
    'one key begins two questions',
    'src/cell/questions/delivery.ts',
    'if (duplicateOf !== undefined && duplicateOf !== question.id)',
    'if (duplicateOf !== undefined && duplicateOf === question.id)',
  ),
  {
    name: 'recall-once',
    what: 'a recall that was lost is never repeated',
    edits: [
      { file: 'src/user/step.ts', find: 'sendRecall(step);\n      return;', replace: 'return;' },
      { file: 'src/user/step.ts', find: 'sendRecall(step);\n      const at', replace: 'const at' },
      {
        file: 'src/user/recalls.ts',
        find: "  sendRecall(step);\n  if (meta?.holding.t !== 'held'",
        replace: "  if (meta?.holding.t !== 'held'",
      },
      {
        file: 'src/user/holder.ts',
        find: 'refuseClaims(step);\n      recallFor(step, meta, holding.cell, claimant, token);',
        replace:
          "refuseClaims(step);\n      step.meta = true;\n      meta.holding = { t: 'recalling', cell: holding.cell, claimant };\n      state.claims.push({ token, order });",
      },
    ],
  },
  one(
    'passed-over-forgotten',
    'who arrives while somebody else is told of at a beacon is never looked at again',
    'src/cell/questions/arrival.ts',
    'for (const other of state.passedOver.get(id) ?? []) step.wakeCandidates.add(other);',
    '',
  ),
  one(
    'rest-unseen',
    'the end of a rest is no arrival',
    'src/cell/overdue.ts',
    'if (users.has(user as UserId)) step.wakeCandidates.add(user as UserId);',
    'if (users.size < 0) step.wakeCandidates.add(user as UserId);',
  ),
  one(
    'reserving-excluded',
    'a beacon excludes whom an attempt is under way to',
    'src/cell/questions/need.ts',
    'const excluded = question.offers.filter(wasMade).map(({ user }) => user);',
    'const { excluded } = need;',
  ),
  one(
    'old-need-wins',
    'a late scout or reserve takes the beacon of a moved question back',
    'src/cell/questions/beacons.ts',
    'else if (versionOf(need) >= versionOf(laid.need)) {',
    'else {',
  ),
  one(
    'beacon-kept-as-it-was',
    'a beacon that lies in a cell is not written again, although its question has moved or looks farther',
    'src/cell/questions/beacons.ts',
    'until - laid.until <= SAME_END_MS && groupKey(need) === groupKey(laid.need)',
    'until - laid.until <= SAME_END_MS',
  ),
  one(
    'slot-kept',
    'the holder asks about an accepted offer at the end of its question alone',
    'src/cell/users/holds.ts',
    "hold.state === 'accepted' && askAt < until ?",
    'false ?',
  ),
  one(
    'try-unguarded',
    'a try in flight leaves no durable time to try again',
    'src/cell/questions/searches.ts',
    "question.phase = { t: 'open', retryAt: at };",
    'return;',
  ),
  one(
    'journal-gap',
    'a number of the journal is left out',
    'src/cell/journal.ts',
    'state.journalLast++;',
    'state.journalLast += 1 + (state.journalLast % 7 === 6 ? 1 : 0);',
  ),
  one(
    'point-unsnapped',
    'what others see of somebody who moves on is their own point, not a square',
    'src/cell/users/veil.ts',
    'shown: snap(moved, gridLength),',
    'shown: moved.lat === middle.lat && moved.lng === middle.lng ? shown : at,',
  ),
  one(
    'time-runs-back',
    "an object follows its machine's clock back",
    'src/lib/clock.ts',
    'known.clock = epochMs(Math.max(at, known.clock));',
    'known.clock = epochMs(at);',
  ),
];
