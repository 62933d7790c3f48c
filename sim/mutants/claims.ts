// Faults around who holds a user: claims, recalls, holds and filters.
import { type Mutant, one } from './mutant.ts';

export const CLAIMS_MUTANTS: readonly Mutant[] = [
  one(
    'recall-old-epoch',
    'a recall is answered from a row of another epoch',
    'src/cell/users/recall.ts',
    'if (resident === undefined || resident.epoch !== epoch) {',
    'if (resident === undefined) {',
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
    'src/cell/users/pending-claims.ts',
    'if (answer.epoch <= pending.fence) fenced(step, pending, answer.epoch);',
    'if (false) claim(step, pending);',
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
    'src/cell/users/pending-claims.ts',
    "if (isAbout) endClaim(step, user, problem('stale_ping'));",
    "if (true) endClaim(step, user, problem('stale_ping'));",
  ),
  one(
    'asked-while-draining',
    'a cell of a city that is being removed takes questions',
    'src/cell/resharding/removal.ts',
    "if (request.t === 'ask' && !state.questions.has(request.question.id)) {",
    'if (false) {',
  ),
  one(
    'kept-unheard',
    'a cell of a city that is kept goes on draining',
    'src/cell/apply-map-row.ts',
    'Object.assign(state, { mapRow,',
    'Object.assign(state, { mapRow: state.mapRow?.draining === true ? { ...mapRow, draining: true } : mapRow,',
  ),
  one('epoch-kept', 'a grant does not raise the epoch', 'src/user/recalls.ts', 'meta.epoch++;', ''),
  one(
    'hold-freed-by-clock',
    'a hold is freed when its time is up',
    'src/cell/users/holds.ts',
    "query(step, resident.user, offer, 'state');\n}\n\n/** Holds that came",
    'releaseSlot(step, resident, offer);\n}\n\n/** Holds that came',
  ),
  one(
    'reserve-at-frozen',
    'a user who was given up still takes holds',
    'src/cell/users/holds.ts',
    "if (resident === undefined || resident.phase !== 'live') return 'gone';",
    "if (resident === undefined || resident.phase === 'lapsed') return 'gone';",
  ),
  one(
    'capacity-ignored',
    'a reserve does not startSearch at the capacity',
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
];
