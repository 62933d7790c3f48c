// Questions asked, read, moved and cancelled; what is kept of them, and for how long.
import { describe, expect, it } from 'vitest';
import { pack, unpack } from '../../../src/cell/resharding/carry.ts';
import type { CellReply } from '../../../src/messages/calls.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, cem, EAST, newQuestion, qid } from '../support/names.ts';

const DAY_MS = 86_400_000;
const viewOf = (reply: CellReply) => (reply as Extract<CellReply, { t: 'question' }>).view;

describe('asking', () => {
  const ask = { t: 'request', envelope: { request: { t: 'ask', question: newQuestion() } } } as const;

  it('KEEP1 stores the question before it is acknowledged, in the step of the answer', () => {
    const cell = cellHarness();
    cell.ping(ana);
    const token = cell.lastToken() + 1;
    const effects = cell.step({ ...ask, token });
    expect(effects.replies).toMatchObject([{ token, value: { t: 'question' } }]);
    expect(effects.rows.map(({ table, key }) => `${table}/${key}`)).toContain(`questions/${qid()}`);
  });

  it('KEEP1 OPEN1 stores it before the custodian of a record elsewhere is asked, and answers with what that one says', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    const token = cell.lastToken() + 1;
    const effects = cell.step({ ...ask, token });
    expect(effects.rows.map(({ table, key }) => `${table}/${key}`)).toContain(`questions/${qid()}`);
    expect(effects.replies).toEqual([]);
    expect(cell.open.map(({ request, timeoutMs }) => [request.t, timeoutMs])).toEqual([['deliver', 2000]]);
    cell.answer('deliver', { t: 'stored', upTo: 2 });
    expect(cell.replies.get(token)).toMatchObject({ t: 'question' });
  });

  it('shows what was asked, with the policy defaults for what was left out', () => {
    const cell = cellHarness();
    expect(viewOf(cell.request({ t: 'ask', question: newQuestion({ topic: 'food' }) }))).toEqual({
      id: qid(),
      state: 'dormant',
      text: 'where?',
      topic: 'food',
      ...at(),
      radiusM: 2250,
      answersWanted: 1,
      offersPending: 0,
      offersAccepted: 0,
      answers: [],
      attempts: 0,
      wakeAt: new Date(cell.now() + 5000).toISOString(),
      createdAt: new Date(cell.now()).toISOString(),
      expiresAt: new Date(cell.now() + 900_000).toISOString(),
      cell: '9q8yy',
    });
  });

  it('cuts the time to live at the policy cap', () => {
    const cell = cellHarness();
    const reply = cell.request({ t: 'ask', question: newQuestion({ expiresInMs: 10 * DAY_MS }) });
    expect(viewOf(reply).expiresAt).toBe(new Date(cell.now() + DAY_MS).toISOString());
  });

  it('EDGE9 says what it has cut, again too, and after a restart', () => {
    const cell = cellHarness();
    const radius = { field: 'radiusM', asked: 1, used: 500 } as const;
    const asked = { t: 'ask', question: newQuestion({ expiresInMs: 7 * DAY_MS, adjusted: [radius] }) } as const;
    const adjusted = [radius, { field: 'expiresInS', asked: 7 * 86_400, used: 86_400 }];
    expect(viewOf(cell.request(asked)).adjusted).toEqual(adjusted);
    cell.restart();
    expect(viewOf(cell.request(asked)).adjusted).toEqual(adjusted);
    expect(viewOf(cell.request({ t: 'question', id: qid(), user: ana })).adjusted).toEqual(adjusted);
    expect(unpack(pack(cell.question(qid()), cell.now()), cell.now()).adjusted).toEqual(adjusted);
    const within = { t: 'ask', question: newQuestion({ id: qid(2), expiresInMs: DAY_MS }) } as const;
    expect(viewOf(cell.request(within))).not.toHaveProperty('adjusted');
  });

  it('OPEN1 registers the question and its key with the asker first of all, and how many may be open here', () => {
    const cell = cellHarness({ policy: { question: { openMax: 7 } } });
    cell.request({ t: 'ask', question: newQuestion({ key: 'k1', bodyHash: 'h' }) });
    expect(cell.items(ana, qid())[0]).toEqual({ n: 1, question: { state: 'open', key: 'k1', openMax: 7 } });
  });
});

describe('asking again', () => {
  const keyed = (more = {}) => ({ t: 'ask', question: newQuestion({ key: 'k', bodyHash: 'h1', ...more }) }) as const;

  it('ONCE1 the same id with the same body is the same question, open or ended', () => {
    const cell = cellHarness();
    const first = cell.request(keyed());
    cell.restart();
    expect(cell.request(keyed())).toEqual(first);
    expect(cell.journal().filter(({ t }) => t === 'question.asked')).toHaveLength(1);
    cell.request({ t: 'cancel', id: qid(), user: ana });
    expect(cell.request(keyed())).toMatchObject({ view: { state: 'cancelled' } });
    expect(cell.state().questions.size).toBe(1);
  });

  it('OPEN1 ONCE1 is answered as before, whatever keeps its asker from asking one more', () => {
    for (const isHere of [true, false]) {
      const cell = cellHarness({ policy: { question: { openMax: 1 } } });
      if (isHere) cell.ping(ana);
      const first = cell.request(keyed());
      expect(first).toMatchObject({ t: 'question' });
      const refused = { code: 'too_many_questions', more: { limit: 'question.openMax', most: 1 } };
      expect(cell.request(keyed({ id: qid(2), key: 'other' }))).toMatchObject(refused);
      expect(cell.request(keyed())).toEqual(first);
      cell.restart();
      expect(cell.request(keyed())).toEqual(first);
      cell.request({ t: 'cancel', id: qid(), user: ana });
      expect(cell.request(keyed())).toMatchObject({ view: { state: 'cancelled' } });
      expect(cell.request(keyed({ id: qid(3), key: 'third' })), 'one has ended').toMatchObject({ t: 'question' });
    }
  });

  it('ONCE1 another body under the same key is refused, and changes nothing', () => {
    const cell = cellHarness();
    cell.request(keyed());
    expect(cell.request(keyed({ bodyHash: 'h2', text: 'else?' }))).toMatchObject({ code: 'key_reused' });
    expect(cell.question(qid()).text).toBe('where?');
  });

  it('ONCE1 the later of two questions of one key is cancelled on the word of the asker object', () => {
    const other = qid(2, EAST);
    const cell = cellHarness({
      respond: ({ request }) =>
        request.t === 'deliver' ? { t: 'stored', upTo: request.items.at(-1)?.n ?? 0, duplicateOf: other } : undefined,
    });
    cell.ping(bob);
    cell.request(keyed());
    expect(cell.question(qid()).phase.t).toBe('cancelled');
    expect(cell.resident(bob)?.holds.size).toBe(0);
  });

  it('ONCE1 a question that was told of itself goes on', () => {
    const cell = cellHarness({
      respond: ({ request }) =>
        request.t === 'deliver'
          ? { t: 'stored', upTo: request.items.at(-1)?.n ?? 0, duplicateOf: request.questionId }
          : undefined,
    });
    cell.request(keyed());
    expect(cell.question(qid()).phase.t).toBe('dormant');
  });

  it('somebody else with the same id is turned away', () => {
    const cell = cellHarness();
    cell.request(keyed());
    expect(cell.request(keyed({ asker: cem }))).toMatchObject({ code: 'unknown_question' });
    expect(cell.request(keyed({ id: qid(2), formerIds: [qid()], asker: cem }))).toMatchObject({ view: { id: qid(2) } });
  });

  it('ONCE1 a retry finds its question by the id that the key had before the secret changed', () => {
    const cell = cellHarness();
    cell.request(keyed());
    const retry = { id: qid(2), formerIds: [qid(3), qid()] };
    expect(cell.request(keyed(retry))).toMatchObject({ view: { id: qid() } });
    expect(cell.request(keyed({ ...retry, bodyHash: 'other' }))).toMatchObject({ code: 'key_reused' });
    expect(cell.state().questions.size).toBe(1);
    expect(cell.request(keyed({ id: qid(2), formerIds: [qid(3)] }))).toMatchObject({ view: { id: qid(2) } });
  });
});

describe('a question', () => {
  it.each(['question', 'cancel', 'patch'] as const)('PRIV2 %s: is its asker alone (or a service) to use', (t) => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion() });
    const use = (user: typeof ana | null, id = qid()) =>
      cell.request(t === 'patch' ? { t, id, user, point: at(10) } : { t, id, user });
    // To others it is as if it were not there, word for word.
    expect(use(cem)).toEqual(use(ana, qid(9)));
    expect(use(cem)).toMatchObject({ code: 'unknown_question' });
    expect(use(ana)).toMatchObject({ t: 'question' });
    if (t !== 'patch') expect(use(null)).toMatchObject({ t: 'question' });
  });

  it('OFFER1 is cancelled once: again is the same answer; other ends stand', () => {
    const cell = cellHarness({ policy: { question: { ttlDefaultMs: 20_000 } } });
    cell.request({ t: 'ask', question: newQuestion() });
    const cancel = { t: 'cancel', id: qid(), user: ana } as const;
    const first = cell.request(cancel);
    expect(first).toMatchObject({ view: { state: 'cancelled' } });
    expect(cell.request(cancel)).toEqual(first);
    expect(cell.events(ana, qid())).toEqual(['question.dormant', 'question.cancelled']);
    cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) });
    cell.advance(20_000);
    expect(cell.request({ ...cancel, id: qid(2) })).toMatchObject({ code: 'question_ended' });
    expect(cell.request({ t: 'patch', id: qid(2), user: ana, point: at(5) })).toMatchObject({ code: 'question_ended' });
  });

  it('is matched where it moved to, at once, and its owner stays', () => {
    const cell = cellHarness();
    cell.ping(bob, { point: at(0, 2200) });
    cell.request({ t: 'ask', question: newQuestion({ point: at(0, -2000), radiusM: 500 }) });
    expect(cell.question(qid()).phase.t).toBe('dormant');
    const reply = cell.request({ t: 'patch', id: qid(), user: ana, point: at(0, 2000) });
    expect(viewOf(reply)).toMatchObject({ ...at(0, 2000), cell: '9q8yy' });
    expect(cell.events(bob, qid())).toEqual(['offer.made']);
  });

  it('KEEP1 expires when its time is up, and is dropped a day later, when nothing is owed', () => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion() });
    cell.advance(900_000);
    expect(cell.question(qid()).phase.t).toBe('expired');
    expect(cell.events(ana, qid()).at(-1)).toBe('question.expired');
    cell.advance(DAY_MS - 1);
    expect(cell.request({ t: 'question', id: qid(), user: ana })).toMatchObject({ view: { state: 'expired' } });
    cell.advance(1);
    expect(cell.request({ t: 'question', id: qid(), user: ana })).toMatchObject({ code: 'unknown_question' });
    expect(cell.rows('questions')).toEqual([]);
    expect(cell.state().sleepers.size()).toBe(0);
  });

  it('KEEP1 with an answer ends as answered, although its time ran out', () => {
    const cell = cellHarness();
    cell.ping(bob);
    cell.request({ t: 'ask', question: newQuestion({ answersWanted: 2 }) });
    const offerId = cell.offerOf(qid(), bob);
    cell.request({ t: 'accept', offerId, user: bob });
    cell.request({ t: 'answer', offerId, user: bob, text: 'there' });
    cell.advance(900_000);
    expect(cell.question(qid()).phase.t).toBe('answered');
    expect(cell.events(ana, qid()).at(-1)).toBe('question.answered');
  });
});
