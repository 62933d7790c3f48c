// A cell that others fill: patience, adoption, claims, and arrivals that count once it has everything.
import { describe, expect, it } from 'vitest';
import type { Send } from '../../../src/engine/effects.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { answerAll, DONE, divided, healthyMap, PARENT } from '../support/family.ts';
import { at, bob, cem, EAST, mapRow, need, newQuestion, oid, qid, record } from '../support/names.ts';

describe('a cell that is filled', () => {
  const parent = { by: PARENT, n: 3 };
  const filling = (more: Parameters<typeof cellHarness>[0] = {}): CellHarness => {
    const cell = cellHarness({ uninitialised: true, ...more });
    expect(cell.request({ t: 'init', op: parent, from: PARENT, mapRow: mapRow() })).toEqual(DONE);
    return cell;
  };
  /** The row of a question as the predecessor sends it. */
  const parcel = (): string => {
    const cell = divided();
    const [sent] = cell.sentOf('adopt');
    return sent?.request.t === 'adopt' ? (sent.request.questions[0] ?? '') : '';
  };

  it('SPLIT3 asks for patience about what it has not got, asks of new questions too, and takes people in', () => {
    const cell = filling();
    const patience = { t: 'pending', retryMs: expect.any(Number) };
    expect(cell.request({ t: 'ask', question: newQuestion() })).toEqual(patience);
    expect(cell.request({ t: 'state', offerId: oid(1), user: bob })).toEqual(patience);
    expect(cell.request({ t: 'absent', offerId: oid(1), user: bob })).toEqual(patience);
    expect(cell.ping(bob)).toMatchObject({ t: 'present' });
    cell.request({ t: 'adopt', op: parent, from: PARENT, questions: [parcel()] });
    expect(cell.request({ t: 'question', id: qid(), user: null })).toMatchObject({ t: 'question' });
    cell.request({ t: 'filled', op: parent, from: PARENT, beacons: [] });
    expect(cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) })).toMatchObject({ t: 'question' });
    expect(cell.state().role.phase).toEqual({ t: 'leaf' });
  });

  it('KEEP2 carries times over as durations, and the number that tells two questions of one id apart as it was', () => {
    const cell = filling();
    cell.setNow(cell.now() + 50_000);
    cell.request({ t: 'adopt', op: parent, from: PARENT, questions: [parcel()] });
    const question = cell.question(qid());
    expect(question.createdAt).toBe(cell.now());
    expect(question.incarnation).toBe(cell.now() - 50_000);
    expect(question.expiresAt - cell.now()).toBe(900_000);
  });

  it('SPLIT5 holds arrivals against sleepers and beacons once it has everything: then everybody there counts as one', () => {
    const cell = filling({ manual: ['nudge'] });
    cell.ping(bob, { profile: { topics: ['bikes'] } });
    cell.ping(cem, { profile: { topics: ['aid'] } });
    const beacon = { need: need({ topic: 'aid', radiusM: 5000 }), leftMs: 60_000 };
    cell.request({
      t: 'scout',
      need: need({ questionId: qid(3, EAST), topic: 'aid' }),
      policy: cell.mapRow.policy,
      limit: 5,
      beaconMs: 60_000,
    });
    cell.ping(cem, { point: at(5), profile: { topics: ['aid'] } });
    expect(cell.sentOf('nudge')).toHaveLength(0);
    cell.request({ t: 'filled', op: parent, from: PARENT, beacons: [beacon] });
    expect(cell.sentOf('nudge')).toHaveLength(1);
    expect(cell.rows('beacons')).toHaveLength(2);
  });

  it('SPLIT5 WAKE2 holds whoever is there already against a beacon that comes with the ground, in the same step', () => {
    const cell = filling({ manual: ['nudge'] });
    cell.ping(cem, { profile: { topics: ['aid'] } });
    const beacon = { need: need({ topic: 'aid', radiusM: 5000 }), leftMs: 60_000 };
    cell.request({ t: 'filled', op: parent, from: PARENT, beacons: [beacon] });
    expect(cell.sentOf('nudge')).toHaveLength(1);
  });

  it('WAKE2 has no beacon of a question that it has itself: neither of before it came, nor left behind it', () => {
    const cell = filling({ manual: ['scout'] });
    const left = { need: need({ questionId: qid(), topic: 'aid', radiusM: 5000 }), leftMs: 60_000 };
    const scout = { t: 'scout', need: left.need, policy: cell.mapRow.policy, limit: 5, beaconMs: 60_000 } as const;
    cell.request(scout);
    expect(cell.rows('beacons')).toHaveLength(1);
    cell.request({ t: 'adopt', op: parent, from: PARENT, questions: [parcel()] });
    expect(cell.rows('beacons')).toHaveLength(0);
    expect(cell.state().sleepers.has(qid()), 'the question itself').toBe(true);
    cell.request(scout);
    cell.request({ t: 'filled', op: parent, from: PARENT, beacons: [left] });
    expect(cell.rows('beacons')).toHaveLength(0);
    expect(cell.state().sleepers.has(qid())).toBe(true);
  });

  it('SPLIT3 tells at once what an adopted question still owes, one that has ended too', () => {
    const source = cellHarness({ manual: ['deliver', 'init', 'rows', 'swap', 'adopt'] });
    source.request({ t: 'ask', question: newQuestion() });
    source.request({ t: 'cancel', id: qid(), user: null });
    source.request({ t: 'split' });
    answerAll(source, healthyMap);
    const [sent] = source.sentOf('adopt');
    const questions = sent?.request.t === 'adopt' ? sent.request.questions : [];
    expect(questions).toHaveLength(1);
    const cell = filling({ manual: ['deliver'] });
    cell.request({ t: 'adopt', op: parent, from: PARENT, questions });
    expect(cell.question(qid()).phase.t).toBe('cancelled');
    expect(cell.sentOf('deliver')).toHaveLength(1);
  });

  it('SPLIT6 acknowledges what is repeated or of an older operation, and changes nothing', () => {
    const cell = filling();
    const row = parcel();
    cell.request({ t: 'adopt', op: parent, from: PARENT, questions: [row] });
    cell.request({ t: 'cancel', id: qid(), user: null });
    expect(cell.request({ t: 'adopt', op: parent, from: PARENT, questions: [row] })).toEqual(DONE);
    expect(cell.question(qid()).phase.t).toBe('cancelled');
    cell.request({ t: 'filled', op: parent, from: PARENT, beacons: [] });
    const before = JSON.stringify(cell.state().role);
    const older = { by: PARENT, n: 2 };
    for (const op of [older, parent]) {
      // Another operation of an old number must not be taken for one that was carried out.
      const heard = op === parent ? DONE : { code: 'cell_changing' };
      expect(cell.request({ t: 'init', op, from: PARENT, mapRow: mapRow() })).toMatchObject(heard);
      expect(cell.request({ t: 'adopt', op, from: PARENT, questions: [row] })).toEqual(DONE);
      expect(cell.request({ t: 'filled', op, from: PARENT, beacons: [] })).toEqual(DONE);
      expect(cell.request({ t: 'retire', op: older, to: [PARENT] })).toEqual(DONE);
    }
    expect(JSON.stringify(cell.state().role)).toBe(before);
    expect(cell.request({ t: 'init', op: { by: PARENT, n: 9 }, from: PARENT, mapRow: mapRow() })).toMatchObject({
      code: 'cell_changing',
    });
  });

  it('GONE1 takes ground up again that its city had given up', () => {
    const cell = cellHarness();
    cell.request({ t: 'dissolve', version: 5 });
    expect(cell.request({ t: 'init', op: { by: PARENT, n: 9 }, from: PARENT, mapRow: mapRow({ version: 8 }) })).toEqual(
      DONE,
    );
    expect(cell.state().role.phase.t).toBe('filling');
    expect(cell.state().mapRow?.removed).toBeUndefined();
  });

  it('SPLIT4 matches nobody before the grant; keeps whom to claim over a crash; a refusal ends it', () => {
    const cell = filling({ manual: ['claim'] });
    const users = [bob, cem].map((name) => ({ user: name, epoch: 7 }));
    cell.request({ t: 'take', op: parent, from: PARENT, users });
    expect(cell.sentOf('claim').map(({ request }) => request)).toMatchObject([{ transfer: 7 }, { transfer: 7 }]);
    expect(cell.resident(bob)).toBeUndefined();
    cell.restart();
    const [first, second] = cell.open;
    cell.answer(first as Send, { t: 'granted', epoch: 8, record: record({ leaseLeftMs: 30_000, pointAgeMs: 5000 }) });
    cell.answer(second as Send, { t: 'refused' });
    expect(cell.resident(bob)).toMatchObject({
      phase: 'live',
      epoch: 8,
      leaseUntil: cell.now() + 30_000,
      pointAt: cell.now() - 5000,
    });
    expect(cell.resident(cem)).toBeUndefined();
    expect(cell.rows('taking')).toEqual([]);
  });

  it('SPLIT5 WAKE2 tries whom it takes over against what sleeps there by then', () => {
    const cell = filling({ manual: ['claim', 'nudge'] });
    const beacon = { need: need({ topic: 'aid', radiusM: 5000 }), leftMs: 60_000 };
    cell.request({ t: 'take', op: parent, from: PARENT, users: [{ user: bob, epoch: 7 }] });
    cell.request({ t: 'filled', op: parent, from: PARENT, beacons: [beacon] });
    expect(cell.sentOf('nudge')).toHaveLength(0);
    const profile = { topics: ['aid'], languages: [], capacity: 1 };
    cell.answer('claim', { t: 'granted', epoch: 8, record: record({ profile, leaseLeftMs: 30_000 }) });
    expect(cell.sentOf('nudge').map(({ request }) => request)).toMatchObject([{ candidate: { user: bob } }]);
  });

  it('SPLIT4 CLAIM1 takes no ping that is older than the last that the holder before took', () => {
    const cell = filling({ manual: ['claim'] });
    cell.request({ t: 'take', op: parent, from: PARENT, users: [{ user: bob, epoch: 7 }] });
    const grant = {
      t: 'granted',
      epoch: 8,
      record: record({ leaseLeftMs: 30_000 }),
      newest: { session: 's', seq: 9 },
    } as const;
    cell.answer('claim', grant);
    expect(cell.ping(bob, { session: 's', seq: 8 })).toMatchObject({ t: 'problem', code: 'stale_ping' });
    cell.restart();
    expect(cell.ping(bob, { session: 's', seq: 8 }), 'over a crash').toMatchObject({ code: 'stale_ping' });
    expect(cell.ping(bob, { session: 's', seq: 10 })).toMatchObject({ t: 'present' });
  });

  it('SPLIT4 takes no grant of an epoch that was recalled meanwhile, and gives a ping that waits its place', () => {
    const cell = filling({ manual: ['claim'] });
    cell.request({
      t: 'take',
      op: parent,
      from: PARENT,
      users: [
        { user: bob, epoch: 7 },
        { user: cem, epoch: 7 },
      ],
    });
    const [first, second] = cell.open;
    cell.request({ t: 'recall', user: bob, epoch: 8 });
    cell.answer(first as Send, { t: 'granted', epoch: 8, record: record() });
    expect(cell.resident(bob)).toBeUndefined();
    cell.ping(cem, { point: at(40) });
    const holds = [
      {
        offerId: oid(1, 1, EAST),
        questionId: qid(1, EAST),
        text: 'x',
        point: at(),
        distanceM: 9,
        state: 'pending',
        leftMs: 9000,
      },
    ] as const;
    cell.answer(second as Send, { t: 'granted', epoch: 8, record: record({ holds }) });
    cell.answer('claim', { t: 'granted', epoch: 8, record: record() });
    expect(cell.resident(cem)).toMatchObject({ point: at(40) });
    expect([...(cell.resident(cem)?.holds.keys() ?? [])]).toEqual([oid(1, 1, EAST)]);
  });

  it('SPLIT6 names its predecessor to scouts, and asks it itself, until nobody is held there; and is not divided nor joined before', () => {
    const cell = filling();
    const scout = { t: 'scout', need: need(), policy: cell.mapRow.policy, limit: 5 } as const;
    expect(cell.request(scout)).toMatchObject({ coOwners: [PARENT] });
    cell.request({ t: 'filled', op: parent, from: PARENT, beacons: [] });
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.sentOf('scout').some(({ address }) => address.to === 'cell' && address.cell === PARENT)).toBe(true);
    expect(cell.request({ t: 'split' })).toMatchObject({
      code: 'cell_changing',
      detail: `people are still being handed over to it by ${PARENT}`,
    });
    expect(cell.request({ t: 'ready', op: { by: PARENT, n: 4 } })).toEqual({ t: 'ready', ready: false });
    cell.request({ t: 'handed', op: parent, from: PARENT });
    expect(cell.request(scout)).not.toHaveProperty('also');
    expect(cell.request({ t: 'ready', op: { by: PARENT, n: 4 } })).toEqual({ t: 'ready', ready: true });
  });
});
