// Faults in what becomes of a user's own word: their profile, and that they have left.
import { type Mutant, one } from './mutant.ts';

export const USER_MUTANTS: readonly Mutant[] = [
  one(
    'lapse-forgets',
    'the row of a lease that has ended goes, and nobody is told what it said',
    'src/cell/users/presence.ts',
    '  keepOrReturn(step, resident);',
    '  if (resident.holds.size === 0) step.state.users.delete(resident.user);\n  else keepOrReturn(step, resident);',
  ),
  one(
    'returned-while-live',
    'a ping takes up a row while its record is on its way home',
    'src/cell/users/pending-claims.ts',
    'if (resident !== undefined && isReturning(resident)) {',
    'if (resident !== undefined && isReturning(resident) && resident.epoch < 0) {',
  ),
  {
    name: 'leave-uncounted',
    what: 'a leave is not counted among the pings: those on their way are newer',
    edits: [
      {
        file: 'src/user/order.ts',
        find: 'if (afterLeave !== undefined && afterLeave <= 0) return true;',
        replace: '',
      },
      {
        file: 'src/user/leaving.ts',
        find: 'const order = nextOrder(step, meta);',
        replace: 'const order = meta.order;',
      },
      { file: 'src/user/leaving.ts', find: '  note(step, meta, sent);\n', replace: '' },
    ],
  },
  {
    name: 'words-wait',
    what: 'a changed profile waits for the dwell, and is acknowledged before it counts',
    edits: [
      { file: 'src/user/holder.ts', find: ' && sent.changes !== true', replace: '' },
      {
        file: 'src/cell/users/pending-claims.ts',
        find: 'if (!saysWords(about)) {',
        replace: 'if (about !== undefined) {',
      },
    ],
  },
  one(
    'stranger-welcome',
    'the opening of a socket makes somebody matchable who has never said a word',
    'src/user/holder.ts',
    'if (sent.opening === true && isStranger(meta, sent.cell)) {',
    'if (sent.opening === true && isStranger(meta, sent.cell) && meta.epoch < 0) {',
  ),
  one(
    'returned-to-older',
    'a record that comes home is granted to a claim of an older ping than it had taken',
    'src/user/recalls.ts',
    '(compare(taken, claimant) ?? 0) > 0;',
    '(compare(taken, claimant) ?? 0) > Number.MAX_VALUE;',
  ),
  one(
    'handed-without-number',
    'who is handed a user takes any ping of theirs, however old',
    'src/cell/resharding/takeover.ts',
    'seq: answer.newest?.seq,',
    'seq: undefined,',
  ),
  one(
    'kept-copy-freezes',
    'a late copy of a recall that was answered kept is judged anew, by an age that was true when it was sent',
    'src/cell/users/recall.ts',
    'if (order !== undefined && resident.keptFor !== undefined && order <= resident.keptFor) return true;',
    '',
  ),
  one(
    'owed-off-the-list',
    'a question that has ended and still owes news is not on the list of the sweep',
    'src/cell/workspace.ts',
    'else if (!isPaid(question)) until',
    'else if (!isPaid(question) && false) until',
  ),
  one(
    'durations-stand-still',
    'what a record keeps as a duration does not age where it lies: who comes back after an hour rests on',
    'src/user/record.ts',
    'meta.recordAt === undefined ? 0 : now - meta.recordAt',
    'meta.recordAt === undefined ? 0 : 0',
  ),
  one(
    'overtaken-words-said-again',
    'a ping takes over what one said that was overtaken elsewhere by other words',
    'src/cell/users/pending-claims.ts',
    'pending.ping = { ...pending.ping, profile: pending.saidSince };',
    '',
  ),
  one(
    'refused-words-said-again',
    'a ping takes over what one said that was told to come again, and may have said it elsewhere meanwhile',
    'src/cell/users/pending-claims.ts',
    'known.tokens.length === 0 ? { ...known.ping, profile: {} } : known.ping;',
    'known.ping;',
  ),
];
