// Faults of the program itself, to see the checkers fail: each is a change of a few characters to one source file, made while the
// file is loaded, for a run of the simulator alone. The shipping code carries no switch.
import { type Mutant, one } from './mutant.ts';
import { USER_MUTANTS } from './user-mutants.ts';

export type { Mutant };

export const MUTANTS: readonly Mutant[] = [
  one(
    'recall-old-epoch',
    'a recall is answered from a row of another epoch',
    'src/cell/users/recall.ts',
    'if (held === undefined || held.epoch !== epoch) {',
    'if (held === undefined) {',
  ),
  one(
    'time-moves-ownership',
    'a holder that does not answer loses the user',
    'src/user/recalls.ts',
    "if (answer.t !== 'record' && answer.t !== 'no_row') {",
    'if (false) {',
  ),
  one(
    'no-recall',
    'a claim is granted without asking the holder',
    'src/user/holder.ts',
    'if (holding.cell === sent.cell) {',
    'if (holding.cell === sent.cell || true) {',
  ),
  one(
    'fence-ignored',
    'a grant of a recalled epoch is taken',
    'src/cell/users/arriving.ts',
    'if (answer.epoch <= arriving.fence) claim(tx, arriving);',
    'if (false) claim(tx, arriving);',
  ),
  one(
    'old-ping-wins',
    'the repeated claim of an older ping counts as the newest',
    'src/user/order.ts',
    'if (sent.order !== undefined) return sent.order < meta.order;',
    'if (sent.order !== undefined) return false;',
  ),
  one(
    'refusal-of-another',
    'the refusal of an older claim is taken for that of the ping which came meanwhile',
    'src/cell/users/arriving.ts',
    "if (isAbout) endArriving(tx, user, problem('stale_ping'));",
    "if (true) endArriving(tx, user, problem('stale_ping'));",
  ),
  one(
    'asked-while-draining',
    'a cell of a city that is being removed takes questions',
    'src/cell/change/removal.ts',
    "if (request.t === 'ask' && !state.questions.has(request.question.id)) {",
    'if (false) {',
  ),
  one(
    'kept-unheard',
    'a cell of a city that is kept goes on draining',
    'src/cell/load.ts',
    'state.birth = birth;',
    'state.birth = state.birth?.draining === true ? { ...birth, draining: true } : birth;',
  ),
  one('epoch-kept', 'a grant does not raise the epoch', 'src/user/recalls.ts', 'meta.epoch++;', ''),
  one(
    'hold-freed-by-clock',
    'a hold is freed when its time is up',
    'src/cell/users/holds.ts',
    "query(tx, held.user, offer, 'state');\n}\n\n/** Holds that came",
    'free(tx, held, offer);\n}\n\n/** Holds that came',
  ),
  one(
    'reserve-at-frozen',
    'a user who was given up still takes holds',
    'src/cell/users/holds.ts',
    "if (held === undefined || held.phase !== 'live') return 'gone';",
    "if (held === undefined || held.phase === 'lapsed') return 'gone';",
  ),
  one(
    'capacity-ignored',
    'a reserve does not look at the capacity',
    'src/matching/filter.ts',
    "if (who.holds.size >= who.profile.capacity) return 'capacity';",
    '',
  ),
  one(
    'topic-ignored',
    'a filter is left out',
    'src/matching/filter.ts',
    "if (!speaksOf(need, who.profile)) return 'topic';",
    '',
  ),
  {
    name: 'accept-twice',
    what: 'one accept too many is taken',
    edits: [
      {
        file: 'src/cell/questions/offers.ts',
        find: 'if (acceptedCount(question) >= question.answersWanted)',
        replace: 'if (acceptedCount(question) > question.answersWanted)',
      },
      {
        file: 'src/cell/questions/offers.ts',
        find: 'if (acceptedCount(question) === question.answersWanted) {',
        replace: 'if (acceptedCount(question) === question.answersWanted + 1) {',
      },
    ],
  },
  one(
    'void-revived',
    'an attempt that was given up becomes an offer after all',
    'src/cell/questions/match.ts',
    "if (held && offer.state === 'void') release(tx, id, offer.user, cell);",
    "if (held && offer.state === 'void') make(tx, question, offer);",
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
        find: "if (held === undefined || held.epoch !== soft.epoch || held.phase === 'frozen') {",
        replace: 'if (held === undefined) {',
      },
      {
        file: 'src/cell/boot.ts',
        find: "if (held.phase === 'live') state.roster",
        replace: "held.phase = 'live';\n  tx.users.add(held.user);\n  if (held.phase === 'live') state.roster",
      },
    ],
  },
  one(
    'beacon-after-scout',
    'the beacon is not left in the step of its scout',
    'src/cell/requests.ts',
    'if (beacon) leaveBeacon(',
    'if (tx === undefined) leaveBeacon(',
  ),
  one(
    'freed-slot-unseen',
    'a user who frees a slot is not held against the sleepers',
    'src/cell/users/holds.ts',
    "else if (held.phase === 'live') tx.arrivals.add(held.user);",
    '',
  ),
  one(
    'wake-forgotten',
    'a sleeper is not tried when its time has come',
    'src/cell/overdue.ts',
    "if (phase.t === 'dormant') return phase.wakeAt <= tx.now;",
    "if (phase.t === 'dormant') return false;",
  ),
  {
    name: 'gap-accepted',
    what: 'the inbox takes an item behind a gap, from a question that sends its newest alone',
    edits: [
      { file: 'src/user/inbox.ts', find: 'if (item.n > known.n + 1) break;', replace: '' },
      {
        file: 'src/cell/questions/streams.ts',
        find: 'withinBytes(stream.items, NEWS_MAX, NEWS_BYTES_MAX)',
        replace: 'stream.items.slice(-1)',
      },
    ],
  },
  one(
    'repeat-accepted',
    'the inbox stores an item that it has',
    'src/user/inbox.ts',
    'if (item.n <= known.n) continue;',
    '',
  ),
  one(
    'ack-too-far',
    'acknowledging one event removes the later ones',
    'src/user/inbox.ts',
    'if (one > upTo) continue;',
    '',
  ),
  one(
    'owed-forgotten',
    'what could not be delivered is forgotten',
    'src/cell/questions/streams.ts',
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
    'src/cell/replies.ts',
    'if (of === undefined || of === question.id ||',
    'if (of !== question.id || of === question.id ||',
  ),
  {
    name: 'recall-once',
    what: 'a recall that was lost is never repeated',
    edits: [
      { file: 'src/user/step.ts', find: 'sendRecall(tx);\n      pushAgain', replace: 'pushAgain' },
      { file: 'src/user/step.ts', find: 'sendRecall(tx);\n      reply', replace: 'reply' },
      {
        file: 'src/user/holder.ts',
        find: 'dismiss(tx, holding.claimant.cell);\n      recallFor(tx, meta, holding.cell, claimant, token);',
        replace: 'dismiss(tx, holding.claimant.cell);\n      state.claims.push({ token, cell: sent.cell, order });',
      },
    ],
  },
  one(
    'passed-over-forgotten',
    'who arrives while somebody else is told of at a beacon is never looked at again',
    'src/cell/questions/arrival.ts',
    'for (const other of state.passedOver.get(id) ?? []) tx.arrivals.add(other);',
    '',
  ),
  one(
    'rest-unseen',
    'the end of a rest is no arrival',
    'src/cell/overdue.ts',
    'if (users.has(user as UserId)) tx.arrivals.add(user as UserId);',
    'if (users.size < 0) tx.arrivals.add(user as UserId);',
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
    'src/cell/questions/match.ts',
    "question.phase = { t: 'open', retryAt: at };",
    'return;',
  ),
  one(
    'journal-gap',
    'a number of the journal is left out',
    'src/cell/tx.ts',
    'state.journalLast++;',
    'state.journalLast += 1 + (state.journalLast % 7 === 6 ? 1 : 0);',
  ),
  one(
    'point-unsnapped',
    'a point is not snapped before it is sent on',
    'sim/agent.ts',
    'const point = snap(heard, world.map.policy.gridLength);',
    'const point = heard;',
  ),
  one(
    'time-runs-back',
    "an object follows its machine's clock back",
    'src/lib/clock.ts',
    'known.clock = epochMs(Math.max(at, known.clock));',
    'known.clock = epochMs(at);',
  ),
  one(
    'frozen-decides',
    'a cell that hands over goes on answering for its questions',
    'src/cell/change/gate.ts',
    "return isForLeaf(request) && !stays ? { t: 'moved', to: phase.to } : undefined;",
    'return isForLeaf(request) && stays ? undefined : undefined;',
  ),
  one(
    'dropped-unadopted',
    'a question is dropped when it is sent, not when its successor has it',
    'src/cell/change/handover.ts',
    "{ t: 'adopt', op, from: here, questions: rows });",
    "{ t: 'adopt', op, from: here, questions: rows });\n        adopted(tx, cell, questions);",
  ),
  one(
    'fill-ungated',
    'a cell that is being filled answers for questions that it has not got yet',
    'src/cell/change/gate.ts',
    'return id === undefined || state.questions.has(id) ? undefined :',
    'return id === undefined || id !== undefined ? undefined :',
  ),
  {
    name: 'swap-guessed',
    what: 'a swap whose outcome is unknown is taken to have happened',
    edits: [
      {
        file: 'src/cell/change/carry-on.ts',
        find: "import { isSameOp } from './life.ts';",
        replace: "import { isSameOp, opText } from './life.ts';",
      },
      {
        file: 'src/cell/change/carry-on.ts',
        find: 'if (!back(tx, lane, callId, heard) || !heard) return;',
        replace: "if (!back(tx, lane, callId, heard) || (!heard && errand.what !== 'swap')) return;",
      },
      {
        file: 'src/cell/change/carry-on.ts',
        find: "else if (answer.t === 'rows' && mapSaidOfSplit(",
        replace:
          "else if (what === 'swap') mapSaidOfSplit(tx, phase, { t: 'rows', rows: [{ cell: phase.op.by, state: 'split', version: 0, op: opText(phase.op) }] });\n    else if (answer.t === 'rows' && mapSaidOfSplit(",
      },
    ],
  },
  one(
    'transfer-no-recall',
    'a user who is handed over is granted without asking the holder',
    'src/user/holder.ts',
    'handed: true };\n  recallFor(tx, meta, holding.cell, claimant, token);',
    'handed: true };\n  tx.state.claims.push({ token, cell: claimant.cell, order: meta.order });\n  grant(tx, meta, cell);',
  ),
  one(
    'born-anew',
    'a question that was handed over counts as another one',
    'src/cell/change/carry.ts',
    'createdAt: at(question.createdAt),',
    'born: question.createdAt + ms,\n    createdAt: at(question.createdAt),',
  ),
  one(
    'joined-anew',
    'a user who was handed over is granted to a ping once more, without the holds that they took meanwhile',
    'src/cell/change/takeover.ts',
    'arrive(tx, held);\n  joined(tx, held);',
    'arrive(tx, held);',
  ),
  ...USER_MUTANTS,
];

/** @throws Error when an edit does not fit exactly one place: the source has changed, the mutant must follow. */
export function mutate(mutant: Mutant, file: string, source: string): string {
  let text = source;
  for (const edit of mutant.edits) {
    if (edit.file !== file) continue;
    const parts = text.split(edit.find);
    if (parts.length !== 2) throw new Error(`mutant ${mutant.name} fits ${parts.length - 1} places of ${file}`);
    text = parts.join(edit.replace);
  }
  return text;
}
