// The one alarm of a cell, and its clock.
import { describe, expect, it } from 'vitest';
import { emptyCell } from '../../../src/cell/restore.ts';
import { stepCell } from '../../../src/cell/step.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import { cellHarness } from '../support/cell-harness.ts';
import { ana, at, bob, mapRow, newQuestion, ping, qid, START, user } from '../support/names.ts';

const DAY_MS = 86_400_000;

describe('the alarm', () => {
  it('ALARM1 is armed in the transaction that needs it', () => {
    const cell = cellHarness();
    const token = cell.lastToken() + 1;
    const effects = cell.step({ t: 'request', envelope: { request: { t: 'ask', question: newQuestion() } }, token });
    expect(effects.alarmAt).toBe(cell.now() + 5000);
  });

  it('ALARM1 is only moved earlier outside its handler; a renewed lease does not touch it', () => {
    const cell = cellHarness();
    cell.ping(bob, { ttlMs: 60_000 });
    expect(cell.store.alarm()).toBe(START + 60_000);
    cell.advance(40_000);
    cell.ping(bob, { ttlMs: 60_000 });
    expect(cell.store.alarm()).toBe(START + 60_000);
    cell.ping(ana, { ttlMs: 10_000 });
    expect(cell.store.alarm()).toBe(START + 50_000);
    cell.advance(10_000);
    expect(cell.store.alarm(), 'the handler arms the true minimum').toBe(START + 100_000);
  });

  it('ALARM1 is not written again when nothing earlier is due', () => {
    const cell = cellHarness();
    cell.ping(bob, { ttlMs: 10_000 });
    const effects = cell.step({
      t: 'request',
      envelope: { request: { t: 'presence', user: ana, ping: ping(at(), { ttlMs: 60_000 }) } },
      token: 99,
    });
    expect(effects.alarmAt).toBeUndefined();
  });

  it('ALARM1 the handler disarms by arming nothing when nothing is due any more', () => {
    const cell = cellHarness();
    cell.ping(bob, { ttlMs: 10_000 });
    cell.advance(10_000);
    // The record stays for a day, and goes home in the very step in which it leaves: nobody calls for another look before its minute is over.
    expect(cell.store.alarm()).toBe(cell.now() + DAY_MS);
    cell.advance(DAY_MS);
    expect(cell.store.alarm()).toBe(cell.now() + 60_000);
    cell.advance(60_000);
    expect(cell.store.alarm()).toBeNull();
  });

  it.each(['request', 'reply', 'socket_open', 'socket_lost'] as const)(
    'ALARM2 an event (%s) first runs what is overdue',
    (t) => {
      const cell = cellHarness();
      cell.ping(bob, { ttlMs: 10_000 });
      cell.setNow(cell.now() + 20_000);
      if (t === 'request') cell.request({ t: 'load' });
      else if (t === 'reply') cell.step({ t, call: 999, reply: { t: 'failed' } });
      else if (t === 'socket_open') cell.step({ t, user: ana, session: 's' });
      else cell.step({ t, user: ana });
      expect(cell.resident(bob)?.phase).toBe('lapsed');
    },
  );

  it.each([
    ['missing', null],
    ['overdue', START - 1],
  ] as const)('ALARM2 one that is %s is armed anew when the object is constructed', (_, alarmAt) => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion() });
    cell.store.commit({ rows: [], alarmAt: alarmAt === null ? null : epochMs(alarmAt) });
    cell.restart();
    expect(cell.store.alarm()).toBe(START + 5000);
  });

  it('ALARM2 one that is too late is moved earlier when the object is constructed', () => {
    const cell = cellHarness();
    cell.request({ t: 'ask', question: newQuestion() });
    cell.store.commit({ rows: [], alarmAt: epochMs(START + 500_000) });
    cell.restart();
    expect(cell.store.alarm()).toBe(START + 5000);
  });

  it('ALARM2 everything that is due runs in one step, each once', () => {
    const cell = cellHarness();
    for (let n = 1; n <= 50; n++)
      cell.request({ t: 'ask', question: newQuestion({ id: qid(n), asker: user(`asker-${n}`) }) });
    cell.setNow(cell.now() + 5000);
    cell.step({ t: 'alarm' });
    for (let n = 1; n <= 50; n++) expect(cell.question(qid(n)).stage).toBe(2);
  });
});

describe('the clock', () => {
  it('TIME1 never runs back, in memory or over a restart', () => {
    const cell = cellHarness();
    cell.advance(60_000);
    cell.request({ t: 'ask', question: newQuestion() });
    const { createdAt } = cell.question(qid());
    cell.setNow(START);
    cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) });
    expect(cell.question(qid(2)).createdAt).toBe(createdAt);
    cell.restart();
    cell.request({ t: 'ask', question: newQuestion({ id: qid(3) }) });
    expect(cell.question(qid(3)).createdAt).toBe(createdAt);
  });

  it('TIME1 counts from the journal, from users and from who arrives', () => {
    const cell = cellHarness({ manual: ['claim'] });
    cell.advance(5000);
    cell.ping(bob);
    cell.answer('claim', { t: 'pending', retryMs: 1000 });
    cell.setNow(START);
    cell.restart();
    expect(cell.state().clock).toBe(START + 5000);
  });
});

describe('a row of the map', () => {
  it('an uninitialised cell asks for its map row and keeps nothing', () => {
    const effects = stepCell(
      emptyCell(),
      { t: 'request', envelope: { request: { t: 'ask', question: newQuestion() } }, token: 1 },
      START,
      () => 0.5,
    );
    expect(effects).toMatchObject({ rows: [], sends: [], replies: [{ token: 1, value: { t: 'uninitialised' } }] });
  });

  it('takes a newer map row, asks for one that it is behind of, and ignores an older one', () => {
    const cell = cellHarness();
    expect(cell.request({ t: 'load' }, { version: 2 })).toEqual({ t: 'uninitialised' });
    const near = mapRow().near.slice(0, 1);
    expect(cell.request({ t: 'load' }, { version: 2, mapRow: mapRow({ version: 2, near }) })).toMatchObject({
      t: 'load',
    });
    expect(cell.request({ t: 'load' }, { version: 1, mapRow: mapRow() })).toMatchObject({ t: 'load' });
    cell.restart();
    expect(cell.state().mapRow?.version).toBe(2);
    expect(cell.state().near).toHaveLength(1);
  });
});
