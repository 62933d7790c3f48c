// What must not be forgotten when everything volatile is: slots of ended offers, news of ended questions, questions handed over.
import { describe, expect, it } from 'vitest';
import { pack } from '../../../src/cell/resharding/carry.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { PARENT } from '../support/family.ts';
import { ana, at, bob, EAST, need, newQuestion, oid, policyWith, qid } from '../support/names.ts';

const HOUR_MS = 3_600_000;

describe('the slot of an accepted offer', () => {
  const id = oid(1, 1, EAST);
  const accepted = () => {
    const cell = cellHarness({ policy: { presence: { ttlMaxMs: 24 * HOUR_MS } } });
    cell.ping(bob, { ttlMs: HOUR_MS });
    const copy = { questionId: qid(1, EAST), text: 'x', point: at() };
    const reserve = { offerId: id, user: bob, need: need(), policy: policyWith(), copy, holdMs: 40_000 };
    cell.request({ t: 'reserve', ...reserve });
    const items = [{ n: 1, offer: { id, state: 'accepted', leftMs: 24 * HOUR_MS } }] as const;
    const news = { user: bob, questionId: qid(1, EAST), incarnation: 1, keepMs: 600_000, items };
    cell.request({ t: 'deliver', ...news });
    return cell;
  };

  it('HOLD1 is asked about within two minutes, whatever word was lost', () => {
    const cell = accepted();
    cell.advance(110_000);
    expect(cell.sentOf('state')).toHaveLength(1);
    cell.answer('state', { t: 'state', live: false, leftMs: 0 });
    expect(cell.resident(bob)?.holds.size).toBe(0);
  });

  it('HOLD1 is shown until its own end, asked about or not, and costs no row while it is as it was', () => {
    const cell = accepted();
    const until = cell.resident(bob)?.holds.get(id)?.until;
    cell.advance(110_000);
    const rows = cell.store.rowsWritten();
    cell.answer('state', { t: 'state', live: true, state: 'accepted', leftMs: 24 * HOUR_MS - 110_000 });
    expect(cell.store.rowsWritten()).toBe(rows);
    expect(Math.abs((cell.resident(bob)?.holds.get(id)?.until ?? 0) - (until ?? 0))).toBeLessThan(15_000);
    cell.advance(110_000);
    expect(cell.sentOf('state')).toHaveLength(2);
    cell.restart();
    cell.request({ t: 'load' });
    expect(cell.sentOf('state').length).toBeGreaterThanOrEqual(2);
  });
});

describe('the list of the sweep', () => {
  it('ALARM2 LIVE1 has a cell in which an ended question owes somebody news', () => {
    const cell = cellHarness({ manual: ['deliver'] });
    cell.request({ t: 'ask', question: newQuestion({ expiresInMs: 60_000 }) });
    cell.setNow(cell.now() + 2 * HOUR_MS);
    cell.request({ t: 'load' });
    expect(cell.question(qid()).phase.t).toBe('expired');
    expect(cell.state().busyUntil).toBeGreaterThan(cell.now());
    cell.setNow(cell.now() + 2 * HOUR_MS);
    cell.answer('deliver', { t: 'failed' });
    expect(cell.state().busyUntil, 'and goes on having it').toBeGreaterThan(cell.now());
    cell.advance(60_000);
    cell.answer('deliver', { t: 'stored', upTo: 99 });
    cell.restart();
    expect(cell.state().busyUntil, 'until it is paid').toBe(0);
  });
});

describe('a cell that lost its storage while it was to be filled', () => {
  const op = { by: PARENT, n: 3 };
  const parcel = (): Parameters<typeof pack>[0] => {
    const other = cellHarness();
    other.request({ t: 'ask', question: newQuestion() });
    return other.question(qid());
  };

  it('SPLIT3 takes the questions that are handed to it, by an operation that it has never heard of', () => {
    const question = parcel();
    const cell = cellHarness({ mapRow: { version: 1 } });
    const sent = { t: 'adopt', op, from: PARENT, questions: [pack(question, cell.now())] } as const;
    expect(cell.request(sent)).toEqual({ t: 'done' });
    expect(cell.question(qid()).asker).toBe(ana);
    expect(cell.request({ t: 'filled', op, from: PARENT, beacons: [] })).toEqual({ t: 'done' });
    expect(cell.request({ t: 'take', op, from: PARENT, users: [{ user: bob, epoch: 7 }] })).toEqual({ t: 'done' });
    expect(cell.sentOf('claim').map(({ request }) => request)).toMatchObject([{ user: bob, transfer: 7 }]);
  });

  it('SPLIT6 acknowledges one that it has done, and changes nothing', () => {
    const question = parcel();
    const cell = cellHarness({ mapRow: { version: 1 } });
    cell.request({ t: 'init', op, from: PARENT, mapRow: { ...cell.mapRow, version: 2 } });
    const life = cell.state().role;
    const done = { ...life, phase: { t: 'leaf' }, heard: op.n, behind: [] } as const;
    cell.state().role = done;
    const sent = { t: 'adopt', op, from: PARENT, questions: [pack(question, cell.now())] } as const;
    expect(cell.request(sent)).toEqual({ t: 'done' });
    expect(cell.state().questions.size).toBe(0);
  });
});

describe('the later of two questions of one key', () => {
  it('ONCE1 says which one lives, in its event and when it is read', () => {
    const other = qid(2);
    const cell = cellHarness({ manual: ['deliver'] });
    cell.request({ t: 'ask', question: newQuestion({ key: 'k', bodyHash: 'h' }) });
    cell.answer('deliver', { t: 'stored', upTo: 1, duplicateOf: other });
    cell.restart();
    expect(cell.request({ t: 'question', id: qid(), user: ana })).toMatchObject({
      view: { state: 'cancelled', duplicateOf: other },
    });
    const told = cell.question(qid()).streams.get(ana)?.items.at(-1)?.event;
    expect(told).toMatchObject({ type: 'question.cancelled', data: { question: { duplicateOf: other } } });
  });
});
