// Faults in what becomes of questions, drawn in November 2026 by somebody who had read the specification and the sources alone.
import { type Mutant, one, several } from './mutant.ts';

export const OUTSIDE_QUESTIONS: readonly Mutant[] = [
  one(
    'reserving-outlives-end',
    'when a question ends or is matched, attempts still reserving are not made void: a late resident makes an offer and sets the phase back to open (a cancelled question lives again)',
    'src/cell/questions/offers.ts',
    "    if (offer.state === 'reserving') voidAttempt(step, question, offer);",
    '',
  ),
  one(
    'decline-ends-search',
    'after the last live offer is declined nobody else is looked for: the question stays open without a time to try until it expires',
    'src/cell/requests.ts',
    "  if (request.t === 'decline' && isShort(question)) startSearch(step, question);",
    '',
  ),
  one(
    'bound-too-low',
    'the bound of the score takes half of the topic term coOwners for questions with a topic: searches stop before a farther user who names the topic and is better',
    'src/matching/terms.ts',
    'atMost: ({ topic }) => (topic === undefined ? 0.5 : 1),',
    'atMost: () => 0.5,',
  ),
  one(
    'known-ask-shed',
    'above 2.5 the retry of an ask is let through only while its question is among the sleepers: one that is known and has its people, or has ended, is refused with busy',
    'src/cell/backpressure/pressure.ts',
    "if (request.t === 'ask' && state.questions.has(request.question.id)) return undefined;",
    "if (request.t === 'ask' && state.sleepers.has(request.question.id)) return undefined;",
  ),
  one(
    'hold-asks-at-end-only',
    'the earlier asking time of an accepted hold is ignored (later of the two taken): when the word of its end is lost the slot stays taken until the question would have expired, up to a day',
    'src/cell/tables/users.ts',
    'export const dueHold = ({ until, askAt }: Hold): EpochMs => askAt ?? until;',
    'export const dueHold = ({ until, askAt }: Hold): EpochMs => (askAt !== undefined && askAt > until ? askAt : until);',
  ),
  one(
    'lease-anew-at-boot',
    "a socket's lease is begun anew at each construction of the object instead of taken from the attachment: who is silent stays matchable beyond the lease",
    'src/cell/boot.ts',
    'resident.leaseUntil = epochMs(Math.min(soft.leaseUntil, step.now + resident.ttlMs));',
    'resident.leaseUntil = epochMs(step.now + resident.ttlMs);',
  ),
  one(
    'repeated-reserve-refused',
    'a reserve that is repeated (its first reply was lost) is refused by the filters because of its own hold instead of being answered resident again',
    'src/cell/users/holds.ts',
    '  if (resident.holds.has(ask.offerId)) return undefined;',
    '',
  ),
  several(
    'passed-over-cleared-first',
    'whom a beacon passed over while it told of somebody else is cleared before being made an arrival: they are never resident against it again',
    [
      {
        file: 'src/cell/questions/arrival.ts',
        find: '  for (const other of state.passedOver.get(id) ?? []) step.wakeCandidates.add(other);',
        replace: '',
      },
      {
        file: 'src/cell/questions/arrival.ts',
        find: 'state.passedOver.delete(id);',
        replace:
          'state.passedOver.delete(id);\n  for (const other of state.passedOver.get(id) ?? []) step.wakeCandidates.add(other);',
      },
    ],
  ),
  one(
    'stored-means-all',
    'a stored is taken for all that is owed by now, not for what was stored: items added while the delivery was on its way, or beyond its page, are dropped unsent',
    'src/cell/questions/delivery.ts',
    'stored(step, question, stream, said.upTo);',
    'stored(step, question, stream, stream.next - 1);',
  ),
  several(
    'budget-credited-twice',
    'the time of the budget moves on only when a scout was taken: each try that finds it empty is credited the same time again, so tries by time send more than they may',
    [
      {
        file: 'src/cell/questions/scout-budget.ts',
        find: 'budget.left = Math.min(SCOUTS_MAX, budget.left + (sinceMs * perS) / 1000);\n  budget.at = now;',
        replace: 'budget.left = Math.min(SCOUTS_MAX, budget.left + (sinceMs * perS) / 1000);',
      },
      {
        file: 'src/cell/questions/scout-budget.ts',
        find: 'if (budget.left < 1) return false;',
        replace: 'if (budget.left < 1) return false;\n  budget.at = now;',
      },
    ],
  ),
  one(
    'window-moves-by-most',
    'the window over the farther cells moves by most instead of by its own width: where the number of the others shares the factor most (is a multiple of it), some cells are asked in no try',
    'src/matching/stages.ts',
    'const first = (stage * (most - near)) % others.length;',
    'const first = (stage * most) % others.length;',
  ),
  one(
    'less-for-ever',
    'the lesser weight of a refused ping is not cleared after it was counted: from the first refusal on every event counts a quarter, strain and pingEveryS are far too low',
    'src/cell/backpressure/meter.ts',
    '  known.weight = 1;',
    '',
  ),
  one(
    'beacon-only-where-nobody',
    'a scouted cell leaves the beacon only when it has nobody at all, not when it has too few: where one unwilling person is, arrivals are told to nobody',
    'src/cell/requests.ts',
    'beaconMs !== undefined && candidates.length < enough',
    'beaconMs !== undefined && candidates.length === 0',
  ),
  one(
    'delivery-arms-nothing',
    'items whose delivery is on its way arm no alarm: after a crash between commit and send nothing wakes the cell to send them (the end of a question, up to a day late)',
    'src/cell/tables/questions.ts',
    'if (stream.items.length === 0) continue;',
    'if (stream.items.length === 0 || stream.call !== undefined) continue;',
  ),
  one(
    'late-before-guard',
    'a try under way is reckoned to be at most 30 s old, less than the guard of 45 s that stands in for it: after a crash in it the try counts as made and the sleeper sleeps on',
    'src/cell/boot.ts',
    'const LATE_MS = 60_000;',
    'const LATE_MS = 30_000;',
  ),
  several(
    'was-full-asked-late',
    'whether the inbox was full is asked after the events are gone: who acknowledges is not tried at once',
    [
      { file: 'src/cell/users/custody.ts', find: '  const wasFull = inboxIsFull(resident);\n', replace: '' },
      {
        file: 'src/cell/users/custody.ts',
        find: 'const upTo = acknowledge(resident.inbox, seq);',
        replace: 'const upTo = acknowledge(resident.inbox, seq);\n  const wasFull = inboxIsFull(resident);',
      },
    ],
  ),
  one(
    'beacon-same-end-is-same',
    'a beacon with the same end counts as the same although its place or circle changed: the index of sleepers and the row keep the old circle, arrivals in the new part are not told',
    'src/cell/questions/beacons.ts',
    'const isSame = laid.until > step.now && until - laid.until <= SAME_END_MS && groupKey(need) === groupKey(laid.need);',
    'const isSame = laid.until > step.now && until - laid.until <= SAME_END_MS;',
  ),
  one(
    'first-try-unguarded',
    'while scouts are waited for no time to try again is stored: a crash in the first try leaves the question open without any until it expires',
    'src/cell/questions/searches.ts',
    "case 'wait':\n        guard(step, question);",
    "case 'wait':\n        if (!search.awaitsScouts) guard(step, question);",
  ),
  several(
    'limits-before-known',
    'the refusal of new questions is given before the known one is looked up: the retry of a stored ask gets 429 when its asker has openMax open or a full inbox',
    [
      {
        file: 'src/cell/questions/own-questions.ts',
        find: 'const known = state.questions.get(sent.id);',
        replace:
          'const before = custodyOf(state, sent.asker);\n  const full = before && refuseOneMore(before.inbox, sent.id, policyOf(state).question.openMax);\n  if (full !== undefined) return full;\n  const known = state.questions.get(sent.id);',
      },
      {
        file: 'src/record/admission.ts',
        find: 'if (known.get(id)?.question !== undefined) return undefined;',
        replace: '',
      },
    ],
  ),
  several(
    'put-off-forgotten',
    "while the cell is still above 1 at the user's turn, another turn is begun and what was put off is already forgotten: neither the search for sleepers nor the row is ever done",
    [
      {
        file: 'src/cell/backpressure/coalesce.ts',
        find: "if (what === undefined || resident?.phase !== 'live') continue;",
        replace:
          "if (what === undefined || resident?.phase !== 'live') continue;\n    if (strainNow(state, step.now) > COALESCE_ABOVE) {\n      begin(step, user);\n      continue;\n    }",
      },
      {
        file: 'src/cell/backpressure/coalesce.ts',
        find: '    if (strainNow(state, step.now) > COALESCE_ABOVE) begin(step, user);',
        replace: '',
      },
    ],
  ),
  one(
    'cold-tells-often',
    'order of the gaps: a cell in the lowest bands tells again every ten minutes though nothing changed, not after an hour',
    'src/cell/backpressure/load-report.ts',
    'const gapMs = isNew ? 0 : band === lastReport.band ? TELL_AGAIN_MS : isCold ? TELL_GAP_COLD_MS : TELL_GAP_MS;',
    'const gapMs = isNew ? 0 : isCold ? TELL_GAP_COLD_MS : band === lastReport.band ? TELL_AGAIN_MS : TELL_GAP_MS;',
  ),
  one(
    'no-rest-after-withdrawn',
    'no rest after an offer that was withdrawn: asking and cancelling in a loop asks the same people each time',
    'src/cell/users/holds.ts',
    "if (change.state === 'declined' || change.state === 'expired' || change.state === 'withdrawn') {",
    "if (change.state === 'declined' || change.state === 'expired') {",
  ),
  one(
    'absent-ends-accepted',
    'absent coOwners ends an accepted offer: a holder whose lease ends before it has heard of the accept undoes an accept that was acknowledged, and the question stays matched with nobody',
    'src/cell/requests.ts',
    "if (found !== undefined && found.offer.user === request.user && found.offer.state === 'pending') {",
    "const ends = found?.offer.state === 'pending' || found?.offer.state === 'accepted';\n  if (found !== undefined && found.offer.user === request.user && ends) {",
  ),
  one(
    'room-for-itself-not-counted',
    'the room for the new offer itself is not counted: one offer more than 256 unacknowledged events allow is made',
    'src/matching/filter.ts',
    'EVENTS_PER_OFFER * (holds.size + 1) > INBOX_MAX',
    'EVENTS_PER_OFFER * holds.size > INBOX_MAX',
  ),
];
