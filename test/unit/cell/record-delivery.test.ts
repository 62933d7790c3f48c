// News on its way to records: taken in the same step where the record lies here, else sent to where it was last, and on to where it is.
import { describe, expect, it } from 'vitest';
import type { Send } from '../../../src/engine/effects.ts';
import type { UserId } from '../../../src/protocol/ids.ts';
import { INBOX_MAX } from '../../../src/protocol/limits.ts';
import { type CellHarness, type CellOptions, cellHarness } from '../support/cell-harness.ts';
import { PARENT } from '../support/family.ts';
import { ana, at, bob, candidate, cem, EAST, newQuestion, qid, record, user, WEST } from '../support/names.ts';
import { item, questionItem } from '../support/user-harness.ts';

const NOTHING = { seq: 0, events: [], known: [] } as const;
const ask = (more: Parameters<typeof newQuestion>[0] = {}) => ({ t: 'ask', question: newQuestion(more) }) as const;
const request = (cell: CellHarness, asked: Parameters<CellHarness['request']>[0], token = 900) =>
  cell.step({ t: 'request', envelope: { request: asked }, token });
const rowsOf = (rows: readonly { readonly table: string; readonly key: string }[]) =>
  rows.map(({ table, key }) => `${table}/${key}`).sort();
/** Where news for a user was sent, with the epoch that was named. */
const sentTo = (cell: CellHarness, who: UserId): readonly string[] =>
  cell.sentOf('deliver').flatMap(({ address, request: sent }) => {
    if (sent.t !== 'deliver' || sent.user !== who) return [];
    const { epoch } = sent as { epoch?: number };
    return address.to === 'cell' ? [`${address.cell}${epoch === undefined ? '' : ` ${epoch}`}`] : [address.to];
  });
const openTo = (cell: CellHarness, who: UserId): Send =>
  cell.open.find(({ request: sent }) => sent.t === 'deliver' && sent.user === who) ?? expect.fail(`no news for ${who}`);
const owed = (cell: CellHarness, who: UserId): number => cell.question(qid()).streams.get(who)?.items.length ?? 0;

/** Ana's question has an offer to bob, whom the next cell holds; the news of it is on its way. */
function offeredEast(options: CellOptions = {}): CellHarness {
  const cell = cellHarness({
    ...options,
    policy: { offers: { spare: 0, ttlMs: 600_000 } },
    manual: ['deliver', 'reserve', 'missing', ...(options.manual ?? [])],
    respond: ({ request: sent, address }) =>
      sent.t === 'scout' && address.to === 'cell' && address.cell === EAST && !sent.need.excluded.includes(bob)
        ? { t: 'scouted', candidates: [candidate(bob, EAST)], beacon: true }
        : undefined,
  });
  cell.request(ask({ radiusM: 3000 }));
  cell.answer(openTo(cell, ana), { t: 'stored', upTo: 1 });
  cell.answer('reserve', { t: 'held' });
  return cell;
}

describe('KEEP2 news for people of the own cell', () => {
  it('is taken in the very step: an ask with one offer writes both users, the question and the alarm, and calls nobody', () => {
    const cell = cellHarness();
    cell.ping(ana);
    cell.connect(bob, { point: at(100) });
    const effects = request(cell, ask());
    expect(rowsOf(effects.rows)).toEqual([`questions/${qid()}`, `users/${ana}`, `users/${bob}`]);
    expect(effects.alarmAt).toBe(cell.now() + 30_000);
    expect(effects.sends).toEqual([]);
    expect(effects.frames).toMatchObject([{ user: bob, frame: { t: 'event', seq: 1, type: 'offer.made' } }]);
    expect(effects.replies).toMatchObject([{ token: 900, value: { view: { state: 'open', offersPending: 1 } } }]);
    for (const who of [ana, bob]) expect(cell.question(qid()).streams.get(who)).toMatchObject({ acked: 1, items: [] });
    expect(cell.request({ t: 'load' })).toMatchObject({ outbox: 0 });
  });

  it('costs no row but those of whom it concerns, at each of its steps', () => {
    const cell = cellHarness();
    cell.ping(ana);
    cell.ping(bob);
    cell.request(ask());
    const offerId = cell.offerOf(qid(), bob);
    const all = [`questions/${qid()}`, `users/${ana}`, `users/${bob}`];
    expect(rowsOf(request(cell, { t: 'accept', offerId, user: bob }).rows)).toEqual(all);
    expect(rowsOf(request(cell, { t: 'answer', offerId, user: bob, text: 'x' }, 901).rows)).toEqual(all);
    expect(cell.sentOf('deliver')).toEqual([]);
    expect(cell.events(ana, qid())).toEqual(['question.matched', 'question.answered']);
    expect([cell.known(ana, qid()), cell.known(bob, qid())]).toEqual([3, 3]);
    cell.restart();
    expect(cell.sentOf('deliver'), 'nothing is owed').toEqual([]);
    cell.advance(86_400_000);
    expect(cell.rows('questions'), 'and it is forgotten a day later').toEqual([]);
  });

  it('answers long polls in that step', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request({ t: 'events', user: bob, after: 0, limit: 10, waitMs: 20_000 });
    const waits = cell.lastToken();
    const effects = request(cell, ask({ asker: cem }));
    expect(effects.replies.find(({ token }) => token === waits)).toMatchObject({
      value: { t: 'events', items: [{ seq: 1, type: 'offer.made' }] },
    });
  });

  it('a lapsed record takes it too, a frozen one nothing: that goes to the UserObject', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    cell.ping(ana, { ttlMs: 20_000 });
    cell.advance(20_000);
    cell.request(ask());
    expect(cell.resident(ana)).toMatchObject({ phase: 'lapsed' });
    expect(cell.events(ana, qid())).toEqual(['question.dormant']);
    cell.request({ t: 'recall', user: ana, epoch: 1 });
    cell.request({ t: 'cancel', id: qid(), user: ana });
    expect(cell.resident(ana)?.inbox?.known.get(qid())?.n).toBe(2);
    expect(sentTo(cell, ana)).toEqual(['user']);
    expect(owed(cell, ana)).toBe(1);
  });

  it('SPLIT2 a cell that is handed over takes none of its own questions, whose successors owe it now', () => {
    const cell = cellHarness({ manual: ['deliver', 'adopt', 'take', 'filled', 'handed'] });
    cell.request(ask());
    const waits = cell.lastToken();
    cell.request({ t: 'retire', op: { by: PARENT, n: 3 }, to: [PARENT] });
    expect(cell.replies.get(waits), 'whoever waits for the word of a custodian waits no more').toMatchObject({
      t: 'question',
    });
    cell.ping(ana);
    cell.advance(60_000);
    expect(cell.sentOf('deliver')).toHaveLength(1);
    // Others' news for whom it still holds it does take.
    const held = cellHarness({ manual: ['adopt', 'take', 'filled', 'handed'] });
    held.ping(bob);
    held.request({ t: 'retire', op: { by: PARENT, n: 3 }, to: [PARENT] });
    const other = { user: bob, questionId: qid(1, EAST), incarnation: 1, keepMs: 1000, items: [item(1)] };
    expect(held.request({ t: 'deliver', ...other })).toEqual({ t: 'stored', upTo: 1 });
  });
});

describe('KEEP2 news for records elsewhere', () => {
  it('goes first to the cell that confirmed the reserve, and stays with it as long as that stores it', () => {
    const cell = offeredEast();
    expect(sentTo(cell, bob)).toEqual([EAST]);
    cell.answer(openTo(cell, bob), { t: 'stored', upTo: 1 });
    cell.request({ t: 'accept', offerId: cell.offerOf(qid(), bob), user: bob });
    expect(sentTo(cell, bob)).toEqual([EAST, EAST]);
    expect(sentTo(cell, ana)).toEqual(['user', 'user']);
  });

  it('that guess is in memory alone: after a crash the UserObject says', () => {
    const cell = offeredEast();
    cell.restart();
    expect(sentTo(cell, bob)).toEqual([EAST, 'user']);
  });

  it.each([false, true])('is followed by the UserObject at once where the guess was wrong (missing: %s)', (missing) => {
    const cell = offeredEast();
    cell.answer(openTo(cell, bob), { t: 'not_here', missing });
    expect(sentTo(cell, bob)).toEqual([EAST, 'user']);
    expect(cell.sentOf('missing')).toEqual([]);
    cell.answer(openTo(cell, bob), { t: 'elsewhere', cell: WEST, epoch: 7 });
    expect(sentTo(cell, bob)).toEqual([EAST, 'user', `${WEST} 7`]);
    cell.answer(openTo(cell, bob), { t: 'stored', upTo: 1 });
    expect(owed(cell, bob)).toBe(0);
    cell.request({ t: 'accept', offerId: cell.offerOf(qid(), bob), user: bob });
    expect(sentTo(cell, bob).at(-1), 'and it is believed from then on').toBe(`${WEST} 7`);
  });

  it.each([
    { missing: false, reports: [] },
    { missing: true, reports: [{ t: 'missing', user: bob, cell: WEST, epoch: 7 }] },
  ])('a cell that was named and has no such row is reported, and the UserObject asked again later: $missing', (how) => {
    const cell = offeredEast();
    cell.answer(openTo(cell, bob), { t: 'not_here', missing: true });
    cell.answer(openTo(cell, bob), { t: 'elsewhere', cell: WEST, epoch: 7 });
    cell.answer(openTo(cell, bob), { t: 'not_here', missing: how.missing });
    expect(cell.sentOf('missing').map(({ request: sent }) => sent)).toEqual(how.reports);
    expect(cell.sentOf('missing').every(({ address }) => address.to === 'user' && address.user === bob)).toBe(true);
    expect(sentTo(cell, bob)).toHaveLength(3);
    cell.advance(999);
    expect(sentTo(cell, bob)).toHaveLength(3);
    cell.advance(1);
    expect(sentTo(cell, bob).slice(3)).toEqual(['user']);
    if (how.missing) expect(cell.answer('missing', { t: 'done' }).rows).toEqual([]);
  });

  it.each<[string, (cell: CellHarness) => void, number]>([
    ['is not', () => undefined, 1],
    ['is of an earlier epoch', (cell) => frozen(cell, 6), 1],
    ['is frozen at this one', (cell) => frozen(cell, 7), 0],
  ])(
    'OWN3 what is said to be here and %s is told to the UserObject, unless it will be heard of anyway',
    (_, before, n) => {
      const cell = offeredEast({ manual: ['claim'] });
      before(cell);
      cell.answer(openTo(cell, bob), { t: 'not_here', missing: false });
      cell.answer(openTo(cell, bob), { t: 'elsewhere', cell: cell.mapRow.cell, epoch: 7 });
      expect(cell.sentOf('missing')).toHaveLength(n);
      expect(sentTo(cell, bob)).toEqual([EAST, 'user']);
      cell.advance(1000);
      expect(sentTo(cell, bob)).toEqual([EAST, 'user', 'user']);
    },
  );

  function frozen(cell: CellHarness, epoch: number): void {
    // The news that this brings on is the first that the record takes: it is known elsewhere already.
    cell.ping(bob);
    cell.request({ t: 'recall', user: bob, epoch: epoch - 1 });
    cell.answer('claim', { t: 'granted', epoch, record: record() });
    cell.request({ t: 'recall', user: bob, epoch });
  }

  it.each([
    ['pending', { t: 'pending', retryMs: 250 }],
    ['failed', { t: 'failed' }],
    ['moved', { t: 'moved', to: [WEST] }],
    ['uninitialised', { t: 'uninitialised' }],
    ['busy', { t: 'problem', code: 'busy' }],
    ['stored, and no farther', { t: 'stored', upTo: 0 }],
  ] as const)('LIVE1 is sent again later and later, without end: %s', (_, answer) => {
    const cell = offeredEast();
    const gaps: number[] = [];
    for (let i = 0; i < 9; i++) {
      const from = cell.now();
      cell.answer(openTo(cell, bob), answer);
      while (!cell.open.some(({ request: sent }) => sent.t === 'deliver' && sent.user === bob)) cell.advance(250);
      gaps.push(cell.now() - from);
    }
    expect(gaps).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    // By somebody who knows where to, unless the receiver itself goes on having it.
    const again = answer.t === 'stored' ? EAST : 'user';
    expect(sentTo(cell, bob)).toEqual([EAST, ...Array.from({ length: 9 }, () => again)]);
    cell.answer(openTo(cell, bob), { t: 'stored', upTo: 9 });
    expect(owed(cell, bob)).toBe(0);
  });

  it('an erased user is owed nothing any more', () => {
    const cell = offeredEast();
    cell.answer(openTo(cell, bob), { t: 'not_here', missing: false });
    cell.answer(openTo(cell, bob), { t: 'problem', code: 'erased' });
    expect(owed(cell, bob)).toBe(0);
    cell.advance(120_000);
    expect(sentTo(cell, bob)).toEqual([EAST, 'user']);
  });

  it("is taken here once the user has come to the question's own cell; the call on its way is nothing any more", () => {
    const cell = offeredEast({ manual: ['claim'] });
    const late = openTo(cell, bob);
    cell.ping(bob);
    cell.answer('claim', { t: 'granted', epoch: 2, record: record({ inbox: NOTHING }) });
    cell.request({ t: 'cancel', id: qid(), user: ana });
    expect(cell.events(bob, qid())).toEqual(['offer.made', 'offer.withdrawn']);
    expect(owed(cell, bob)).toBe(0);
    cell.answer(late, { t: 'stored', upTo: 1 });
    expect(cell.question(qid()).streams.get(bob)).toMatchObject({ acked: 2, items: [] });
    expect(sentTo(cell, bob)).toEqual([EAST]);
  });

  it('is taken here with its next try, where nothing else is told meanwhile', () => {
    const cell = offeredEast({ manual: ['claim'] });
    for (const answer of [{ t: 'not_here', missing: false }, { t: 'failed' }] as const)
      cell.answer(openTo(cell, bob), answer);
    cell.ping(bob);
    cell.answer('claim', { t: 'granted', epoch: 2, record: record({ inbox: NOTHING }) });
    cell.advance(1000);
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
    expect([...(cell.resident(bob)?.holds.values() ?? [])]).toMatchObject([{ state: 'pending', questionId: qid() }]);
    expect(sentTo(cell, bob)).toEqual([EAST, 'user']);
  });

  it('that was stored although its answer was lost is not taken twice where the record comes to', () => {
    const cell = offeredEast({ manual: ['claim'] });
    cell.answer(openTo(cell, bob), { t: 'failed' });
    const told = { seq: 1, ...cell.question(qid()).streams.get(bob)?.items[0]?.event } as never;
    const { incarnation } = cell.question(qid());
    const known = { incarnation, n: 1, purgeAt: 600_000 as never, question: undefined };
    cell.ping(bob);
    const inbox = { seq: 1, events: [told], known: [[qid(), known]] } as const;
    cell.answer('claim', { t: 'granted', epoch: 2, record: record({ inbox }) });
    cell.advance(1000);
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
    expect(cell.resident(bob)?.inbox?.lastSeq).toBe(1);
    expect(owed(cell, bob)).toBe(0);
  });
});

describe('OPEN1 one question more', () => {
  const POLICY = { question: { openMax: 2 } };
  const refused = { t: 'problem', code: 'too_many_questions', more: { limit: 'question.openMax', most: 2 } };
  const nth = (n: number, more = {}) => ask({ id: qid(n), ...more });

  it("is refused at once where the asker's record lies here: nothing is stored", () => {
    const cell = cellHarness({ policy: POLICY });
    cell.ping(ana);
    for (const n of [1, 2]) expect(cell.request(nth(n))).toMatchObject({ t: 'question' });
    const effects = request(cell, nth(3));
    expect(effects.replies).toMatchObject([{ value: refused }]);
    expect([effects.rows, effects.sends]).toEqual([[], []]);
    expect(cell.request(nth(4, { asker: cem })), 'others may').toMatchObject({ t: 'question' });
    cell.request({ t: 'cancel', id: qid(1), user: ana });
    expect(cell.request(nth(3)), 'one has ended').toMatchObject({ t: 'question' });
    // Those elsewhere count as well.
    const other = { user: ana, questionId: qid(7, EAST), incarnation: 1, keepMs: 1000 };
    const first = [questionItem(1, 'open', undefined, 9)];
    expect(cell.request({ t: 'deliver', ...other, items: first })).toEqual({ t: 'stored', upTo: 1 });
    cell.request({ t: 'cancel', id: qid(2), user: ana });
    expect(cell.request(nth(5))).toMatchObject(refused);
  });

  it('is refused at once with an inbox that is full, until it is read', () => {
    const cell = cellHarness();
    cell.ping(ana);
    const items = Array.from({ length: INBOX_MAX }, (_, i) => item(i + 1));
    const other = { user: ana, questionId: qid(7, EAST), incarnation: 1, keepMs: 1000 };
    cell.request({ t: 'deliver', ...other, items });
    expect(cell.request(ask())).toMatchObject({ code: 'inbox_full', more: { limit: 'inbox', most: INBOX_MAX } });
    cell.request({ t: 'ack', user: ana, seq: 1 });
    expect(cell.request(ask())).toMatchObject({ t: 'question' });
  });

  it('is refused on the word of the custodian elsewhere, which is the answer to the ask; it is cancelled, and says why', () => {
    const cell = cellHarness({ policy: POLICY });
    cell.ping(bob);
    for (const n of [1, 2]) expect(cell.request(nth(n))).toMatchObject({ t: 'question' });
    cell.ping(cem);
    expect(cell.request(nth(3, { key: 'k', bodyHash: 'h' }))).toMatchObject(refused);
    expect(cell.question(qid(3))).toMatchObject({ phase: { t: 'cancelled' }, refused: 'too_many_questions' });
    expect(cell.question(qid(3)).offers.some(({ state }) => state === 'pending')).toBe(false);
    const reads = { t: 'question', id: qid(3), user: ana } as const;
    expect(cell.request(reads)).toMatchObject({ view: { state: 'cancelled', refused: 'too_many_questions' } });
    cell.restart();
    expect(cell.request(reads)).toMatchObject({ view: { refused: 'too_many_questions' } });
    expect(cell.request(nth(3, { key: 'k', bodyHash: 'h' })), 'as before').toMatchObject(refused);
    expect(cell.events(ana, qid(3)).at(-1)).toBe('question.cancelled');
    // It takes no place.
    cell.request({ t: 'cancel', id: qid(1), user: ana });
    expect(cell.request(nth(4))).toMatchObject({ t: 'question' });
  });

  it('waits for that word, retries with it, but not for a custodian that is silent or cannot say', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    cell.request(ask());
    const first = cell.lastToken();
    cell.request(ask());
    const retry = cell.lastToken();
    expect([cell.replies.get(first), cell.replies.get(retry)]).toEqual([undefined, undefined]);
    cell.answer('deliver', { t: 'elsewhere', cell: WEST, epoch: 3 });
    expect(cell.replies.get(first), 'it is asked who can say').toBeUndefined();
    cell.answer('deliver', { t: 'failed' });
    for (const token of [first, retry]) expect(cell.replies.get(token)).toMatchObject({ view: { state: 'dormant' } });
    expect(cell.request(ask()), 'who comes later does not wait').toMatchObject({ t: 'question' });
    cell.advance(1000);
    cell.answer('deliver', { t: 'stored', upTo: 2, refused: 'too_many_questions' });
    expect(cell.question(qid())).toMatchObject({ phase: { t: 'cancelled' }, refused: 'too_many_questions' });
  });

  it('is told once the asker has come here, where nobody has said it before', () => {
    const cell = cellHarness({ policy: POLICY, manual: ['deliver', 'claim'] });
    for (const n of [1, 2, 3]) cell.request(nth(n));
    const waits = cell.lastToken();
    cell.ping(ana);
    cell.answer('claim', { t: 'granted', epoch: 1, record: record({ inbox: NOTHING }) });
    for (const n of [1, 2, 3]) cell.request({ t: 'patch', id: qid(n), user: ana, point: at(n) });
    cell.advance(30_000);
    expect(cell.replies.get(waits)).toMatchObject(refused);
    expect([1, 2, 3].map((n) => cell.question(qid(n)).refused)).toEqual([undefined, undefined, 'too_many_questions']);
  });
});

describe('ONCE1 a second question of one key', () => {
  it('is cancelled in its own step where the record lies here, in favour of the first', () => {
    const cell = cellHarness();
    cell.ping(ana);
    cell.ping(bob);
    cell.request(ask({ key: 'k', bodyHash: 'h' }));
    const effects = request(cell, ask({ id: qid(2), key: 'k', bodyHash: 'h' }));
    expect(cell.question(qid(2))).toMatchObject({ phase: { t: 'cancelled' }, duplicateOf: qid() });
    expect(cell.question(qid()).phase.t, 'the first goes on').not.toBe('cancelled');
    expect(effects.sends).toEqual([]);
    expect(cell.events(ana, qid(2)).at(-1)).toBe('question.cancelled');
    const other = { user: ana, questionId: qid(3, EAST), incarnation: 1, keepMs: 1000 };
    expect(cell.request({ t: 'deliver', ...other, items: [questionItem(1, 'open', 'k')] })).toEqual({
      t: 'stored',
      upTo: 1,
      duplicateOf: qid(),
    });
  });

  it('of somebody else is another', () => {
    const cell = cellHarness();
    for (const who of [ana, user('zoe')]) cell.ping(who);
    cell.request(ask({ key: 'k', bodyHash: 'h' }));
    cell.request(ask({ id: qid(2), asker: user('zoe'), key: 'k', bodyHash: 'h' }));
    expect([cell.question(qid()).duplicateOf, cell.question(qid(2)).duplicateOf]).toEqual([undefined, undefined]);
  });
});
