// 32 leaves and their parent: all are merged, or nothing changes.
import { describe, expect, it } from 'vitest';
import { problem } from '../../../src/protocol/problems.ts';
import { type CellHarness, cellHarness } from '../support/cell-harness.ts';
import { answerAll, DONE, divided, OP, PARENT, PARTS } from '../support/family.ts';
import { ana, CELL, mapRow, newQuestion, qid } from '../support/names.ts';

describe('cells that merge', () => {
  const leaves = (state = 'leaf', version = 4, op = 'x') =>
    ({ t: 'rows', rows: PARTS.map((cell) => ({ cell, state, version, op })) }) as const;
  const merging = (): CellHarness => {
    const cell = cellHarness({ uninitialised: true, manual: ['rows', 'ready', 'swap', 'retire'] });
    expect(cell.request({ t: 'merge', mapRow: mapRow() })).toEqual({ t: 'changing', life: 'merging' });
    return cell;
  };

  it('MERGE1 asks all parts, swaps them for their parent, tells them, and is filled by them', () => {
    const cell = merging();
    cell.answer('rows', leaves());
    answerAll(cell, ({ request }) => (request.t === 'ready' ? { t: 'ready', ready: true } : undefined));
    expect(cell.sentOf('ready')).toHaveLength(32);
    expect(cell.request({ t: 'ask', question: newQuestion() })).toMatchObject({ t: 'pending' });
    cell.answer('swap', leaves('merged', 5, `${CELL}#2`));
    answerAll(cell, ({ request }) => (request.t === 'retire' ? DONE : undefined));
    expect(cell.sentOf('retire')).toHaveLength(32);
    for (const from of PARTS) cell.request({ t: 'filled', op: OP, from, beacons: [] });
    expect(cell.state().role.phase).toEqual({ t: 'leaf' });
    for (const from of PARTS) cell.request({ t: 'handed', op: OP, from });
    expect(cell.state().role.behind).toEqual([]);
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
    const cell = cellHarness({ manual: ['adopt', 'filled', 'handed'] });
    cell.request({ t: 'ask', question: newQuestion() });
    expect(cell.request({ t: 'ready', op: { by: PARENT, n: 1 } })).toEqual({ t: 'ready', ready: true });
    cell.request({ t: 'retire', op: { by: PARENT, n: 1 }, to: [PARENT] });
    expect(cell.request({ t: 'question', id: qid(), user: null })).toEqual({ t: 'moved', to: [PARENT] });
    expect(cell.sentOf('adopt')[0]?.address).toEqual({ to: 'cell', cell: PARENT });
    const again = { t: 'init', op: { by: PARENT, n: 2 }, from: PARENT, mapRow: mapRow() } as const;
    expect(cell.request(again)).toMatchObject({ code: 'cell_changing' });
    cell.answer('adopt', DONE);
    cell.answer('filled', DONE);
    expect(cell.request(again)).toMatchObject({ code: 'cell_changing' });
    cell.answer('handed', DONE);
    expect(cell.request(again)).toEqual(DONE);
    expect(cell.state().role.phase.t).toBe('filling');
    expect(cell.request({ t: 'ready', op: { by: PARENT, n: 3 } })).toEqual({ t: 'ready', ready: false });
  });

  it('SPLIT6 a merge that comes late to one that was joined with others itself is refused', () => {
    const cell = cellHarness({ manual: ['filled', 'handed'] });
    cell.request({ t: 'retire', op: { by: PARENT, n: 1 }, to: [PARENT] });
    cell.answer('filled', DONE);
    cell.answer('handed', DONE);
    expect(cell.request({ t: 'merge', mapRow: mapRow() })).toMatchObject({ code: 'not_mergeable' });
    expect(cell.request({ t: 'enter', user: ana })).toEqual({ t: 'moved', to: [PARENT] });
  });

  describe('a part that lost its storage after the swap', () => {
    const GONE = problem('unknown_cell');

    it('LIVE1 is not waited for when its parent tells everybody, as it has nothing to hand over', () => {
      const cell = merging();
      cell.answer('rows', leaves());
      answerAll(cell, ({ request }) => (request.t === 'ready' ? { t: 'ready', ready: true } : undefined));
      cell.answer('swap', leaves('merged', 5, `${CELL}#2`));
      answerAll(cell, ({ request }) => (request.t === 'retire' ? GONE : undefined));
      expect(cell.state().role).toMatchObject({ phase: { t: 'leaf' }, behind: [] });
    });

    it('LIVE1 MERGE1 is not asked for ever whether it is ready: what became of the swap the map says', () => {
      const cell = merging();
      cell.answer('rows', leaves());
      answerAll(cell, ({ request }) => (request.t === 'ready' ? { t: 'ready', ready: true } : undefined));
      // The parent dies before it has heard of the swap.
      cell.restart();
      answerAll(cell, ({ request }) => (request.t === 'ready' ? GONE : undefined));
      cell.answer('swap', leaves('merged', 5, `${CELL}#2`));
      expect(cell.state().role.phase).toMatchObject({ t: 'filling', untold: true });
    });
  });

  it('MERGE1 is refused to a leaf, and to one that has not handed everything over', () => {
    expect(cellHarness().request({ t: 'merge', mapRow: mapRow() })).toMatchObject({ code: 'not_mergeable' });
    expect(divided().request({ t: 'merge', mapRow: mapRow() })).toMatchObject({
      code: 'cell_changing',
      detail: 'it still has to hand over: users 1, questions 1',
    });
  });
});
