// A cell that is split: who decides what at which moment, message by message.
import { describe, expect, it } from 'vitest';
import { cellHarness } from '../support/cell-harness.ts';
import { answerAll, DONE, divided, healthyMap, OP, PARENT, PARTS, rowsAt, successorFor } from '../support/family.ts';
import { at, bob, CELL, candidate, cellId, dee, EAST, need, newQuestion, oid, qid, user } from '../support/names.ts';

describe('a cell that splits', () => {
  it('SPLIT1 goes on as a leaf until every part is ready, and names the version of its row before it swaps', () => {
    const cell = cellHarness({ manual: ['init', 'rows', 'swap'] });
    expect(cell.request({ t: 'split' })).toEqual({ t: 'changing', life: 'splitting' });
    // Few connections at once.
    expect(cell.open).toHaveLength(6);
    expect(cell.request({ t: 'ask', question: newQuestion() })).toMatchObject({ t: 'question' });
    for (let n = 0; n < 32; n++) cell.answer('init', DONE);
    expect(cell.sentOf('init').map(({ address }) => address.to === 'cell' && address.cell)).toEqual(PARTS);
    expect(cell.sentOf('swap')).toHaveLength(0);
    cell.answer('rows', rowsAt('leaf', 3, 'rollout'));
    expect(cell.state().role.phase).toEqual({ t: 'splitting', op: OP, version: 3 });
    expect(cell.sentOf('swap')[0]?.request).toMatchObject({
      op: `${CELL}#2`,
      from: [{ cell: CELL, version: 3 }],
      to: PARTS,
    });
  });

  it('SPLIT1 asks again when the outcome is unknown, after a crash too, and takes what the map says', () => {
    const cell = cellHarness({ manual: ['init', 'rows', 'swap'] });
    cell.request({ t: 'split' });
    for (let n = 0; n < 32; n++) cell.answer('init', DONE);
    cell.answer('rows', rowsAt('leaf', 3, 'rollout'));
    cell.answer('swap', { t: 'failed' });
    expect(cell.request({ t: 'question', id: qid(), user: null })).toMatchObject({ code: 'unknown_question' });
    cell.restart();
    for (let n = 0; n < 32; n++) cell.answer('init', DONE);
    cell.answer('swap', rowsAt('leaf', 3, 'rollout'));
    expect(cell.state().role.phase.t).toBe('splitting');
    cell.advance(2000);
    cell.answer('swap', rowsAt('split', 4, `${CELL}#2`));
    expect(cell.state().role.phase.t).toBe('handing');
  });

  it.each([
    ['a leaf at another version', rowsAt('leaf', 5, 'rollout')],
    ['merged by others', rowsAt('merged', 5, `${PARENT}#2`)],
    ['gone', { t: 'rows', rows: [] } as const],
  ])('SPLIT1 is a leaf as before when its row is %s', (_, reply) => {
    const cell = cellHarness({ manual: ['init', 'rows', 'swap'] });
    cell.request({ t: 'split' });
    for (let n = 0; n < 32; n++) cell.answer('init', DONE);
    cell.answer('rows', rowsAt('leaf', 3, 'rollout'));
    cell.answer('swap', reply);
    expect(cell.state().role.phase).toEqual({ t: 'leaf' });
  });

  it('SPLIT6 numbers its operations above all before, also those of a life whose rows were lost: the versions of the map have risen', () => {
    const reborn = cellHarness({ manual: ['init'], mapRow: { version: 41 } });
    reborn.request({ t: 'split' });
    expect(reborn.state().role).toMatchObject({ led: 42, phase: { op: { n: 42 } } });
  });

  it('LOAD1 splits by itself at twice the users that it is to carry, unless its city does not want that', () => {
    for (const autoSplit of [true, false]) {
      const cell = cellHarness({ manual: ['init'], policy: { limits: { users: 2, autoSplit } } });
      for (let n = 0; n < 3; n++) cell.ping(user(`u${n}`), { point: at(n * 10) });
      expect(cell.state().role.phase.t).toBe('leaf');
      cell.ping(user('u3'));
      expect(cell.state().role.phase.t).toBe(autoSplit ? 'splitting' : 'leaf');
    }
  });

  it('LOAD1 is never divided below the privacy grid', () => {
    const cell = cellHarness({ policy: { gridLength: 5, limits: { users: 1 } } });
    expect(cell.request({ t: 'split' })).toMatchObject({ t: 'problem', code: 'cell_smallest' });
    for (let n = 0; n < 3; n++) cell.ping(user(`u${n}`));
    expect(cell.state().role.phase.t).toBe('leaf');
  });
});

describe('a cell that is not a leaf any more', () => {
  it('SPLIT2 names its parts to whoever asks, and decides nothing, at no time', () => {
    const cell = divided();
    for (const request of [
      { t: 'ask', question: newQuestion({ id: qid(2) }) },
      { t: 'question', id: qid(), user: null },
      { t: 'cancel', id: qid(), user: null },
      { t: 'accept', offerId: oid(1), user: bob },
      { t: 'state', offerId: oid(1), user: bob },
      { t: 'nudge', questionId: qid(), candidate: candidate(dee, cellId(EAST)) },
      { t: 'presence', user: dee, ping: { point: at(), profile: {}, session: 's' } },
      { t: 'enter', user: dee },
    ] as const) {
      expect(cell.request(request), request.t).toEqual({ t: 'moved', to: PARTS });
    }
    const before = cell.rows('questions');
    cell.advance(3_600_000);
    expect(cell.rows('questions')).toEqual(before);
  });

  it('SPLIT2 still shows whom it holds to scouts, keeps their slots, and leaves no beacon', () => {
    const cell = divided();
    const ask = { need: need({ radiusM: 500 }), policy: cell.mapRow.policy };
    expect(cell.request({ t: 'scout', ...ask, limit: 5, beaconMs: 60_000 })).toMatchObject({
      candidates: [{ user: bob }],
      beacon: false,
      coOwners: PARTS,
    });
    const copy = { questionId: qid(1, EAST), text: 'x', point: at() };
    expect(cell.request({ t: 'reserve', offerId: oid(1, 1, EAST), user: bob, ...ask, copy, holdMs: 9000 })).toEqual({
      t: 'held',
    });
    expect(cell.rows('beacons')).toEqual([]);
  });

  it('SPLIT3 drops a question only when its part has it, says so once all have been adopted, and repeats what was lost', () => {
    const cell = divided();
    const heir = successorFor(cell);
    const adopts = () => cell.sentOf('adopt').filter(({ address }) => address.to === 'cell' && address.cell === heir);
    expect(adopts()).toHaveLength(1);
    cell.answer('adopt', { t: 'failed' });
    expect(cell.rows('questions')).toHaveLength(1);
    cell.restart();
    expect(adopts()).toHaveLength(2);
    cell.answer('adopt', DONE);
    expect(cell.rows('questions')).toEqual([]);
    answerAll(cell, ({ request }) => (request.t === 'filled' ? DONE : undefined));
    expect(new Set(cell.sentOf('filled').map(({ address }) => JSON.stringify(address))).size).toBe(32);
    expect(cell.state().role.phase).toMatchObject({ t: 'handing', filled: true, handed: false });
  });

  it('WAKE2 gives each part the beacons, however long it takes until that one is filled', () => {
    const left = need({ topic: 'aid', radiusM: 5000 });
    const cell = divided((before) => {
      before.request({ t: 'scout', need: left, policy: before.mapRow.policy, limit: 5, beaconMs: 600_000 });
    });
    answerAll(cell, ({ request }) => (request.t === 'adopt' ? DONE : undefined));
    for (let told = 1; told <= PARTS.length; told++) {
      const next = cell.open.find(({ request }) => request.t === 'filled');
      const beacons = next?.request.t === 'filled' ? next.request.beacons : [];
      expect(
        beacons.map((one) => one.need.questionId),
        `part ${told}`,
      ).toContain(left.questionId);
      cell.answer('filled', DONE);
    }
    expect(cell.state().role.phase).toMatchObject({ t: 'handing', filled: true });
    expect(cell.rows('beacons')).toEqual([]);
  });

  it('SPLIT6 having handed everything over takes no late copy of the operation by which it once was filled', () => {
    const cell = divided();
    answerAll(cell, ({ request }) => (request.t === 'adopt' || request.t === 'filled' ? DONE : undefined));
    cell.advance(1000);
    cell.request({ t: 'recall', user: bob, epoch: 7 });
    cell.request({ t: 'forget', user: bob, epoch: 7 });
    answerAll(cell, ({ request }) => (request.t === 'take' || request.t === 'handed' ? DONE : undefined));
    const { phase } = cell.state().role;
    expect(phase).toMatchObject({ t: 'handing', handed: true });
    cell.request({ t: 'init', op: { by: PARENT, n: cell.state().role.heard }, from: PARENT, mapRow: cell.mapRow });
    expect(cell.state().role.phase).toEqual(phase);
    expect(cell.request({ t: 'ask', question: newQuestion({ id: qid(3) }) })).toEqual({ t: 'moved', to: PARTS });
  });

  it.each([
    ['20 at a time', 'where?', 20],
    ['1 MiB at a time', '€'.repeat(30_000), 12],
  ])('BOUND1 hands questions over %s', (_, text, most) => {
    const cell = divided((before) => {
      for (let n = 2; n <= 30; n++)
        before.request({ t: 'ask', question: newQuestion({ id: qid(n), text, topic: 'bikes' }) });
    });
    const handed: number[] = [];
    while (cell.rows('questions').length > 0) {
      const { request } = cell.sentOf('adopt').at(-1) ?? {};
      const rows = request?.t === 'adopt' ? request.questions : [];
      expect(new TextEncoder().encode(JSON.stringify(rows)).length).toBeLessThanOrEqual(1024 * 1024 + 2);
      handed.push(rows.length);
      cell.answer('adopt', DONE);
    }
    expect(handed[0]).toBe(most);
    expect(handed.reduce((sum, one) => sum + one, 0)).toBe(30);
  });

  it('SPLIT4 tells each part whom to claim by the epoch that it knows, and is done when nobody is left', () => {
    const cell = divided();
    answerAll(cell, ({ request }) => (request.t === 'adopt' || request.t === 'filled' ? DONE : undefined));
    cell.advance(1000);
    expect(cell.sentOf('take')[0]?.request).toMatchObject({ users: [{ user: bob, epoch: 7 }] });
    expect(cell.resident(bob)?.phase).toBe('live');
    expect(cell.request({ t: 'recall', user: bob, epoch: 7 })).toMatchObject({ t: 'record' });
    cell.request({ t: 'forget', user: bob, epoch: 7 });
    answerAll(cell, ({ request }) => (request.t === 'take' || request.t === 'handed' ? DONE : undefined));
    expect(cell.state().role.phase).toMatchObject({ t: 'handing', filled: true, handed: true });
    expect(cell.state().agenda.next()).toBeUndefined();
    expect(cell.rows('users')).toEqual([]);
    expect(cell.journal().map(({ t }) => t)).toContain('cell.split');
  });

  it('SPLIT2 sends sockets away: those of strangers at once, those of its people when they have been claimed', () => {
    const cell = cellHarness({ manual: ['init', 'rows', 'swap', 'adopt', 'filled', 'take'] });
    cell.connect(bob);
    cell.step({ t: 'socket_open', user: dee, session: 's' });
    cell.request({ t: 'split' });
    answerAll(cell, healthyMap);
    const closed = () => cell.frames.filter(({ close }) => close).map((one) => one.user);
    expect(closed()).toEqual([dee]);
    const pings = () =>
      cell.request({ t: 'presence', user: bob, ping: { point: at(9), profile: {}, session: 's' } }, { socket: true });
    expect(pings()).toMatchObject({ t: 'present' });
    cell.request({ t: 'recall', user: bob, epoch: 1 });
    const claims = cell.sentOf('claim').length;
    expect(pings(), 'given up, and not taken again').toEqual({ t: 'moved', to: PARTS });
    expect(cell.sentOf('claim')).toHaveLength(claims);
    cell.request({ t: 'forget', user: bob, epoch: 1 });
    expect(closed()).toEqual([dee, bob]);
  });
});
