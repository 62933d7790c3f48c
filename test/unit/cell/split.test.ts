// A cell that is divided, and one that is filled: who decides what at which moment, message by message.
import { describe, expect, it } from 'vitest';
import { children } from '../../../src/geo/geohash.ts';
import type { Send } from '../../../src/protocol/effects.ts';
import { type CellId, homeOf } from '../../../src/protocol/ids.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import {
  at,
  birth,
  bob,
  CELL,
  candidate,
  cellId,
  cem,
  dee,
  EAST,
  need,
  newQuestion,
  oid,
  qid,
  record,
  user,
} from '../support/names.ts';

const PARTS = children(CELL) as readonly CellId[];
const PARENT = cellId(CELL.slice(0, -1));
const OP = { by: cellId(CELL), n: 1 };
const DONE = { t: 'done' } as const;
const heirOf = (cell: CellHarness): CellId =>
  PARTS.find((part) => homeOf(qid()).startsWith(part)) ?? expect.fail(`no part of ${cell.birth.cell}`);

/** Answers what is open, one after the other, as long as somebody knows an answer. */
function answerAll(cell: CellHarness, answer: (send: Send) => Parameters<CellHarness['answer']>[1] | undefined): void {
  for (let next = cell.open.find((send) => answer(send) !== undefined); next !== undefined; ) {
    cell.answer(next, answer(next) ?? DONE);
    next = cell.open.find((send) => answer(send) !== undefined);
  }
}

const rowsAt = (state: string, version: number, op: string) =>
  ({ t: 'rows', rows: [{ cell: cellId(CELL), state, version, op }] }) as const;
/** A map in which the swap takes place. */
const healthyMap = ({ request }: Send) =>
  request.t === 'init'
    ? DONE
    : request.t === 'rows'
      ? rowsAt('leaf', 3, 'rollout')
      : request.t === 'swap'
        ? rowsAt('split', 4, request.op)
        : undefined;

/** A cell with people and a sleeping question, that has just learnt that it is no leaf. */
function divided(): CellHarness {
  const cell = cellHarness({ manual: ['init', 'rows', 'swap', 'adopt', 'take', 'filled', 'handed', 'claim'] });
  cell.ping(bob, { profile: { topics: ['food'] } });
  cell.answer('claim', { t: 'granted', epoch: 7, record: null });
  cell.request({ t: 'ask', question: newQuestion({ topic: 'bikes' }) });
  cell.request({ t: 'split' });
  answerAll(cell, healthyMap);
  return cell;
}

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
    expect(cell.state().life.phase).toEqual({ t: 'splitting', op: OP, version: 3 });
    expect(cell.sentOf('swap')[0]?.request).toMatchObject({
      op: `${CELL}#1`,
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
    expect(cell.state().life.phase.t).toBe('splitting');
    cell.advance(2000);
    cell.answer('swap', rowsAt('split', 4, `${CELL}#1`));
    expect(cell.state().life.phase.t).toBe('handing');
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
    expect(cell.state().life.phase).toEqual({ t: 'leaf' });
  });

  it('LOAD1 splits by itself at twice the users that it is to carry, unless its city does not want that', () => {
    for (const autoSplit of [true, false]) {
      const cell = cellHarness({ manual: ['init'], policy: { limits: { users: 2, autoSplit } } });
      for (let n = 0; n < 3; n++) cell.ping(user(`u${n}`), { point: at(n * 10) });
      expect(cell.state().life.phase.t).toBe('leaf');
      cell.ping(user('u3'));
      expect(cell.state().life.phase.t).toBe(autoSplit ? 'splitting' : 'leaf');
    }
  });

  it('LOAD1 is never divided below the privacy grid', () => {
    const cell = cellHarness({ policy: { gridLength: 5, limits: { users: 1 } } });
    expect(cell.request({ t: 'split' })).toMatchObject({ t: 'problem', code: 'cell_smallest' });
    for (let n = 0; n < 3; n++) cell.ping(user(`u${n}`));
    expect(cell.state().life.phase.t).toBe('leaf');
  });
});

describe('a cell that is no leaf any more', () => {
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
    const ask = { need: need({ radiusM: 500 }), policy: cell.birth.policy };
    expect(cell.request({ t: 'scout', ...ask, limit: 5, beaconMs: 60_000 })).toMatchObject({
      candidates: [{ user: bob }],
      beacon: false,
      also: PARTS,
    });
    const copy = { questionId: qid(1, EAST), text: 'x', point: at() };
    expect(cell.request({ t: 'reserve', offerId: oid(1, 1, EAST), user: bob, ...ask, copy, holdMs: 9000 })).toEqual({
      t: 'held',
    });
    expect(cell.rows('beacons')).toEqual([]);
  });

  it('SPLIT3 drops a question only when its part has it, says so once all have been adopted, and repeats what was lost', () => {
    const cell = divided();
    const heir = heirOf(cell);
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
    expect(cell.state().life.phase).toMatchObject({ t: 'handing', filled: true, handed: false });
  });

  it('SPLIT4 tells each part whom to claim by the epoch that it knows, and is done when nobody is left', () => {
    const cell = divided();
    answerAll(cell, ({ request }) => (request.t === 'adopt' || request.t === 'filled' ? DONE : undefined));
    cell.advance(1000);
    expect(cell.sentOf('take')[0]?.request).toMatchObject({ users: [{ user: bob, epoch: 7 }] });
    expect(cell.held(bob)?.phase).toBe('live');
    expect(cell.request({ t: 'recall', user: bob, epoch: 7 })).toMatchObject({ t: 'record' });
    cell.request({ t: 'forget', user: bob, epoch: 7 });
    answerAll(cell, ({ request }) => (request.t === 'take' || request.t === 'handed' ? DONE : undefined));
    expect(cell.state().life.phase).toMatchObject({ t: 'handing', filled: true, handed: true });
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
    expect(
      cell.request({ t: 'presence', user: bob, ping: { point: at(9), profile: {}, session: 's' } }, { socket: true }),
    ).toMatchObject({
      t: 'present',
    });
    cell.request({ t: 'recall', user: bob, epoch: 1 });
    cell.request({ t: 'forget', user: bob, epoch: 1 });
    expect(closed()).toEqual([dee, bob]);
  });
});

describe('a cell that is filled', () => {
  const parent = { by: PARENT, n: 3 };
  const filling = (more: Parameters<typeof cellHarness>[0] = {}): CellHarness => {
    const cell = cellHarness({ unborn: true, ...more });
    expect(cell.request({ t: 'init', op: parent, from: PARENT, birth: birth() })).toEqual(DONE);
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
    expect(cell.ping(bob)).toMatchObject({ t: 'present' });
    cell.request({ t: 'adopt', op: parent, from: PARENT, questions: [parcel()] });
    expect(cell.request({ t: 'question', id: qid(), user: null })).toMatchObject({ t: 'question' });
    cell.request({ t: 'filled', op: parent, from: PARENT, beacons: [] });
    expect(cell.request({ t: 'ask', question: newQuestion({ id: qid(2) }) })).toMatchObject({ t: 'question' });
    expect(cell.state().life.phase).toEqual({ t: 'leaf' });
  });

  it('KEEP2 carries times over as durations, and the number that tells two questions of one id apart as it was', () => {
    const cell = filling();
    cell.setNow(cell.now() + 50_000);
    cell.request({ t: 'adopt', op: parent, from: PARENT, questions: [parcel()] });
    const question = cell.question(qid());
    expect(question.createdAt).toBe(cell.now());
    expect(question.born).toBe(cell.now() - 50_000);
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
      policy: cell.birth.policy,
      limit: 5,
      beaconMs: 60_000,
    });
    cell.ping(cem, { point: at(5), profile: { topics: ['aid'] } });
    expect(cell.sentOf('nudge')).toHaveLength(0);
    cell.request({ t: 'filled', op: parent, from: PARENT, beacons: [beacon] });
    expect(cell.sentOf('nudge')).toHaveLength(1);
    expect(cell.rows('beacons')).toHaveLength(2);
  });

  it('SPLIT6 acknowledges what is repeated or of an older operation, and changes nothing', () => {
    const cell = filling();
    const row = parcel();
    cell.request({ t: 'adopt', op: parent, from: PARENT, questions: [row] });
    cell.request({ t: 'cancel', id: qid(), user: null });
    expect(cell.request({ t: 'adopt', op: parent, from: PARENT, questions: [row] })).toEqual(DONE);
    expect(cell.question(qid()).phase.t).toBe('cancelled');
    cell.request({ t: 'filled', op: parent, from: PARENT, beacons: [] });
    const before = JSON.stringify(cell.state().life);
    const older = { by: PARENT, n: 2 };
    for (const op of [older, parent]) {
      expect(cell.request({ t: 'init', op, from: PARENT, birth: birth() })).toEqual(DONE);
      expect(cell.request({ t: 'adopt', op, from: PARENT, questions: [row] })).toEqual(DONE);
      expect(cell.request({ t: 'filled', op, from: PARENT, beacons: [] })).toEqual(DONE);
      expect(cell.request({ t: 'retire', op: older, to: [PARENT] })).toEqual(DONE);
    }
    expect(JSON.stringify(cell.state().life)).toBe(before);
    expect(cell.request({ t: 'init', op: { by: PARENT, n: 9 }, from: PARENT, birth: birth() })).toMatchObject({
      code: 'cell_changing',
    });
  });

  it('SPLIT4 matches nobody before the grant; keeps whom to claim over a crash; a refusal ends it', () => {
    const cell = filling({ manual: ['claim'] });
    const users = [bob, cem].map((name) => ({ user: name, epoch: 7 }));
    cell.request({ t: 'take', op: parent, from: PARENT, users });
    expect(cell.sentOf('claim').map(({ request }) => request)).toMatchObject([{ transfer: 7 }, { transfer: 7 }]);
    expect(cell.held(bob)).toBeUndefined();
    cell.restart();
    const [first, second] = cell.open;
    cell.answer(first as Send, { t: 'granted', epoch: 8, record: record({ leaseLeftMs: 30_000, pointAgeMs: 5000 }) });
    cell.answer(second as Send, { t: 'refused' });
    expect(cell.held(bob)).toMatchObject({
      phase: 'live',
      epoch: 8,
      leaseUntil: cell.now() + 30_000,
      pointAt: cell.now() - 5000,
    });
    expect(cell.held(cem)).toBeUndefined();
    expect(cell.rows('taking')).toEqual([]);
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
    expect(cell.held(bob)).toBeUndefined();
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
    expect(cell.held(cem)).toMatchObject({ point: at(40) });
    expect([...(cell.held(cem)?.holds.keys() ?? [])]).toEqual([oid(1, 1, EAST)]);
  });

  it('names its predecessor to scouts, and asks it itself, until nobody is held there', () => {
    const cell = filling();
    const scout = { t: 'scout', need: need(), policy: cell.birth.policy, limit: 5 } as const;
    expect(cell.request(scout)).toMatchObject({ also: [PARENT] });
    cell.request({ t: 'filled', op: parent, from: PARENT, beacons: [] });
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.sentOf('scout').some(({ address }) => address.to === 'cell' && address.cell === PARENT)).toBe(true);
    cell.request({ t: 'handed', op: parent, from: PARENT });
    expect(cell.request(scout)).not.toHaveProperty('also');
  });
});

describe('cells that merge', () => {
  const leaves = (state = 'leaf', version = 4, op = 'x') =>
    ({ t: 'rows', rows: PARTS.map((cell) => ({ cell, state, version, op })) }) as const;
  const merging = (): CellHarness => {
    const cell = cellHarness({ unborn: true, manual: ['rows', 'ready', 'swap', 'retire'] });
    expect(cell.request({ t: 'merge', birth: birth() })).toEqual({ t: 'changing', life: 'merging' });
    return cell;
  };

  it('MERGE1 asks all parts, swaps them for their parent, tells them, and is filled by them', () => {
    const cell = merging();
    cell.answer('rows', leaves());
    answerAll(cell, ({ request }) => (request.t === 'ready' ? { t: 'ready', ready: true } : undefined));
    expect(cell.sentOf('ready')).toHaveLength(32);
    expect(cell.request({ t: 'ask', question: newQuestion() })).toMatchObject({ t: 'pending' });
    cell.answer('swap', leaves('merged', 5, `${CELL}#1`));
    answerAll(cell, ({ request }) => (request.t === 'retire' ? DONE : undefined));
    expect(cell.sentOf('retire')).toHaveLength(32);
    for (const from of PARTS) cell.request({ t: 'filled', op: OP, from, beacons: [] });
    expect(cell.state().life.phase).toEqual({ t: 'leaf' });
    for (const from of PARTS) cell.request({ t: 'handed', op: OP, from });
    expect(cell.state().life.behind).toEqual([]);
  });

  it.each([
    ['not all are leaves', (cell: CellHarness) => cell.answer('rows', leaves('split'))],
    [
      'one is not ready',
      (cell: CellHarness) => {
        cell.answer('rows', leaves());
        cell.answer('ready', { t: 'ready', ready: false });
      },
    ],
    [
      'one was changed meanwhile',
      (cell: CellHarness) => {
        cell.answer('rows', leaves());
        answerAll(cell, ({ request }) => (request.t === 'ready' ? { t: 'ready', ready: true } : undefined));
        cell.answer('swap', leaves('leaf', 9));
      },
    ],
  ])('MERGE1 changes nothing when %s', (_, happens) => {
    const cell = merging();
    happens(cell);
    expect(cell.sentOf('retire')).toEqual([]);
    expect(cell.request({ t: 'ask', question: newQuestion() })).toEqual({ t: 'moved', to: PARTS });
  });

  it('MERGE1 a leaf is retired by its parent, hands over, and may be filled again', () => {
    const cell = cellHarness({ manual: ['adopt', 'filled'] });
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.request({ t: 'ready', op: { by: PARENT, n: 1 } })).toEqual({ t: 'ready', ready: true });
    cell.request({ t: 'retire', op: { by: PARENT, n: 1 }, to: [PARENT] });
    expect(cell.request({ t: 'question', id: qid(), user: null })).toEqual({ t: 'moved', to: [PARENT] });
    expect(cell.sentOf('adopt')[0]?.address).toEqual({ to: 'cell', cell: PARENT });
    const again = { t: 'init', op: { by: PARENT, n: 2 }, from: PARENT, birth: birth() } as const;
    expect(cell.request(again)).toMatchObject({ code: 'cell_changing' });
    cell.answer('adopt', DONE);
    cell.answer('filled', DONE);
    expect(cell.request(again)).toEqual(DONE);
    expect(cell.state().life.phase.t).toBe('filling');
    expect(cell.request({ t: 'ready', op: { by: PARENT, n: 3 } })).toEqual({ t: 'ready', ready: false });
  });

  it('MERGE1 is refused to a leaf, and to one that has not handed everything over', () => {
    expect(cellHarness().request({ t: 'merge', birth: birth() })).toMatchObject({ code: 'not_mergeable' });
    expect(divided().request({ t: 'merge', birth: birth() })).toMatchObject({ code: 'cell_changing' });
  });
});
