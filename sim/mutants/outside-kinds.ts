// Faults of kinds that had once survived, drawn in November 2026 by somebody who had read the specification and the sources alone.
import { type Mutant, one, several } from './mutant.ts';

export const OUTSIDE_KINDS: readonly Mutant[] = [
  one(
    'reserve-skips-distance',
    'a reserve does not look again at where its user is: one who walked out of the circle (or whose question moved) since the scout is offered it all the same',
    'src/cell/users/holds.ts',
    "const distanceM = refuse(ask.need, ask.policy, held, tx.now);\n  if (typeof distanceM === 'string') return distanceM;",
    "const refused = refuse(ask.need, ask.policy, held, tx.now);\n  // Where they are was measured a moment ago.\n  if (typeof refused === 'string' && refused !== 'far') return refused;\n  const distanceM = typeof refused === 'string' ? ask.need.radiusM : refused;",
  ),
  one(
    'filter-ignores-rest',
    'the filter does not look at the rest: who has just declined, let an offer run out or had one withdrawn is offered the next question at once',
    'src/matching/filter.ts',
    "  if (who.coolUntil > now) return 'cooling';",
    '',
  ),
  one(
    'filter-ignores-point-age',
    'the filter does not look at the age of the point: who has sent no point for longer than pointAgeMaxMs is offered questions while the lease runs',
    'src/matching/filter.ts',
    "  if (who.pointAt + policy.pointAgeMaxMs <= now) return 'stale';",
    '',
  ),
  one(
    'sleeps-always-first-length',
    'every sleep lasts as long as the first one, whatever the stage: a question that finds nobody is tried every few seconds until it expires',
    'src/cell/questions/sleep.ts',
    'const sleptMs = sleepMs(policyOf(state), question.stage);',
    'const sleptMs = sleepMs(policyOf(state), 1);',
  ),
  one(
    'search-never-widens',
    'searches, scouts and beacons use the asked radius at each stage (the view goes on showing the wider one): the circle never widens',
    'src/cell/questions/need.ts',
    'radiusM: radiusOf(state, question),',
    'radiusM: question.askedRadiusM,',
  ),
  one(
    'back-off-without-cap',
    'the back-off has no upper limit: a question that found nobody a few times sleeps far longer than maxMs, in the end until it expires',
    'src/matching/stages.ts',
    'const { firstMs, factor, maxMs } = policy.backOff;\n  return Math.min(maxMs, Math.round(firstMs * factor ** Math.max(0, stage - 1)));',
    'const { firstMs, factor } = policy.backOff;\n  return Math.round(firstMs * factor ** Math.max(0, stage - 1));',
  ),
  one(
    'unlit-cell-not-counted',
    'a scouted cell that answers without having left the beacon is not counted: the question sleeps after that try though arrivals there are told to nobody',
    'src/cell/questions/match.ts',
    '    else if (answer.also === undefined) round.unlit++;',
    '',
  ),
  one(
    'beacon-ends-with-sleep',
    'a beacon is stored for the longest sleep of the policy at most, not until its question ends: where no later scout comes in time it is gone and arrivals are not told',
    'src/cell/requests.ts',
    'if (beacon) leaveBeacon(tx, request.need, request.beaconMs ?? 0);',
    'if (beacon) leaveBeacon(tx, request.need, Math.min(request.beaconMs ?? 0, request.policy.backOff.maxMs));',
  ),
  one(
    'group-key-without-radius',
    'needs that differ in their circle count as the same group',
    'src/cell/questions/sleepers.ts',
    ',${need.radiusM},$',
    ',$',
  ),
  several(
    'known-drops-beacon',
    'a nudge that is answered known leaves that one user out and then drops the whole beacon too: later arrivals there are not told to the question',
    [
      { file: 'src/cell/questions/arrival.ts', find: '  } else {\n    dropBeacon(tx, id);', replace: '' },
      {
        file: 'src/cell/questions/arrival.ts',
        find: 'endNudge(tx, id);',
        replace: 'dropBeacon(tx, id);\n  endNudge(tx, id);',
      },
    ],
  ),
  one(
    'new-topic-no-arrival',
    'a ping that changes the profile (gains a topic, a language, capacity) without moving is no arrival: sleepers that it makes suitable for are not tried',
    'src/cell/users/presence.ts',
    'else if (moved || changed || !wasAskable) arrive(tx, held);',
    'else if (moved || !wasAskable) arrive(tx, held);',
  ),
  one(
    'boot-tells-no-arrivals',
    'at boot people are held against the beacons only if a nudge is known to be under way, which after a crash none is: an arrival whose nudge was lost with the object is never told again',
    'src/cell/boot.ts',
    'if (state.beacons.size > 0) for (const held of state.users.values()) arrive(tx, held);',
    'if (state.nudging.size > 0) for (const held of state.users.values()) arrive(tx, held);',
  ),
  one(
    'move-keeps-round',
    "a question that is moved while a try is in flight keeps that try: it goes on with the old place's scouts and falls asleep with beacons for the old place only",
    'src/cell/questions/questions.ts',
    '  // Answers to scouts of the old place are not for this one.\n  tx.state.rounds.delete(question.id);',
    '',
  ),
  one(
    'dwell-for-repeats-only',
    'only a claim that is repeated waits for the dwell, the first one of each ping recalls the holder at once: two cells that both hear a user take them from each other with every ping',
    'src/user/holder.ts',
    'if (dwellsUntil > tx.now && sent.changes !== true) {',
    'if (dwellsUntil > tx.now && sent.order !== undefined && sent.changes !== true) {',
  ),
  one(
    'transfer-grant-without-fence',
    'a cell that was told by a recall that the epoch of its transfer is spent takes the late grant all the same: the user is matchable there and where they went (or although they left)',
    'src/cell/change/takeover.ts',
    "if (answer.t !== 'granted' || answer.epoch <= taking.fence) return;",
    "if (answer.t !== 'granted') return;",
  ),
  one(
    'other-body-taken',
    'a second ask under the same key is answered with the first question whatever its body says, not refused with 422',
    'src/cell/questions/questions.ts',
    "return known.bodyHash === sent.bodyHash ? known : problem('key_reused');",
    'return known;',
  ),
  several(
    'unpaid-question-dropped',
    'a day after its end a question is deleted although events of it were never taken by a UserObject: what it still owes is lost',
    [
      {
        file: 'src/cell/overdue.ts',
        find: "import { answeredCount, hasEnded, isPaid, isShort } from './questions/lifecycle.ts';",
        replace: "import { answeredCount, hasEnded, isShort } from './questions/lifecycle.ts';",
      },
      {
        file: 'src/cell/overdue.ts',
        find: 'if (plusMs(question.phase.endedAt, KEPT_AFTER_END_MS) > now || !isPaid(question)) return;',
        replace: 'if (plusMs(question.phase.endedAt, KEPT_AFTER_END_MS) > now) return;',
      },
    ],
  ),
  one(
    'matched-withdraws-silently',
    'when enough have accepted the other offers are withdrawn without a word: their users get no offer.withdrawn, go on seeing the offer as pending and keep its slot taken',
    'src/cell/questions/offers.ts',
    "tellOffer(tx, question, offer, 'offer.withdrawn');",
    "if (hasEnded(question.phase)) tellOffer(tx, question, offer, 'offer.withdrawn');",
  ),
  one(
    'absence-of-pending-untold',
    'when a user goes only the questions of slots that are not confirmed yet are told: a pending offer stays until it runs out and nobody else is tried before',
    'src/cell/users/holds.ts',
    "if (hold.state !== 'accepted') query(tx, held.user, hold.offerId, 'absent');",
    "if (hold.state === 'reserved') query(tx, held.user, hold.offerId, 'absent');",
  ),
  several(
    'handed-user-no-arrival',
    'a user whom a part takes over from the divided cell is no arrival there: who became free or came while the cell handed over is tried for no sleeper',
    [
      { file: 'src/cell/change/takeover.ts', find: "import { arrive } from '../questions/arrival.ts';", replace: '' },
      { file: 'src/cell/change/takeover.ts', find: '  arrive(tx, held);', replace: '' },
    ],
  ),
  several(
    'beacons-cleared-too-early',
    'a cell that hands over drops its beacons with the first successor that is filled: the parts that are filled later get none',
    [
      {
        file: 'src/cell/change/handover.ts',
        find: '  if (!phase.to.every((one) => state.change.ready.has(one))) return;',
        replace: '',
      },
      {
        file: 'src/cell/change/handover.ts',
        find: 'state.beacons.clear();',
        replace: 'state.beacons.clear();\n  if (!phase.to.every((one) => state.change.ready.has(one))) return;',
      },
    ],
  ),
  one(
    'transfer-row-only-on-retry',
    'whom to claim is written to disk only while a failed claim waits to be repeated, not while the first is on its way',
    'src/cell/tx.ts',
    "put(tx, 'taking', id, taking === undefined ? null : encodeTaking(taking));",
    "put(tx, 'taking', id, taking === undefined || taking.call !== undefined ? null : encodeTaking(taking));",
  ),
  one(
    'filling-cell-splits',
    'a cell that is still being filled divides itself when it is hot: it leaves the stage of being filled, and questions that come after that are acknowledged and thrown away',
    'src/cell/change/split.ts',
    'if (!isWhole(state.life) || !limits.autoSplit || state.change.restUntil > now) return;',
    "const { t } = state.life.phase;\n  if ((t !== 'leaf' && t !== 'filling') || !limits.autoSplit || state.change.restUntil > now) return;",
  ),
  one(
    'late-init-taken',
    'a cell that has handed everything over takes a late copy of an old init: it waits again to be filled by an operation that is long over, and answers pending instead of moved',
    'src/cell/change/takeover.ts',
    'if (op.n <= life.heard)',
    "if (op.n <= life.heard && life.phase.t !== 'handing')",
  ),
  one(
    'older-map-row-taken',
    'a map row of an older version, held back on its way, is taken in: a cell of a city that drains or is gone takes new questions again, a newer policy is undone',
    'src/cell/step.ts',
    'if (birth !== undefined && (state.birth === undefined || birth.version > state.birth.version)) {',
    'if (birth !== undefined && (state.birth === undefined || birth.version !== state.birth.version)) {',
  ),
  several(
    'moved-route-goes-back',
    "a route that was told moved does not keep its new cell: after pending, for a row, and for a socket's upgrade it goes back to the old cell, until its hops are used up (busy)",
    [
      { file: 'src/engine/route.ts', find: '    this.#cell = next;', replace: '' },
      {
        file: 'src/engine/route.ts',
        find: "return this.#hops >= HOPS_MAX ? this.#done(busy('the map is changing here')) : this.#call();",
        replace:
          "if (this.#hops >= HOPS_MAX) return this.#done(busy('the map is changing here'));\n    return { t: 'call', cell: next, row: undefined, versioned: true };",
      },
    ],
  ),
];
