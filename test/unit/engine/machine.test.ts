// A machine's state from its disk: as the object begins, and in the middle of its life.
import { describe, expect, it } from 'vitest';
import { noEffects } from '../../../src/engine/effects.ts';
import { type Machine, reload, restore } from '../../../src/engine/machine.ts';
import { readRow } from '../../../src/lib/versioned.ts';
import { memoryRows } from '../../../src/store/memory/memory-rows.ts';

type State = { nextCall: number; readonly names: string[]; read?: (key: string) => string | undefined };

const plain: Machine<State, never> = {
  kind: 'list',
  tables: [{ name: 'names', kind: 'all' }],
  load: (rows, unread) => {
    const state: State = { nextCall: 1, names: [] };
    for (const row of rows) readRow(row, () => void state.names.push(JSON.parse(row.value) as string), unread);
    return state;
  },
  step: () => noEffects(),
  onReply: () => undefined as never,
};
const bound: Machine<State, never> = {
  ...plain,
  bind: (state, store) => {
    state.read = (key) => store.get('names', key);
  },
};

function disk(...values: readonly string[]) {
  const store = memoryRows(plain.tables);
  store.commit({ rows: values.map((value, i) => ({ table: 'names', key: `${i}`, value })), alarmAt: undefined });
  return store;
}

describe('a machine', () => {
  it('begins with what lies on its disk, and can read there what it has not loaded', () => {
    const state = restore(bound, disk('"ana"', '"bob"'));
    expect(state.names).toEqual(['ana', 'bob']);
    expect(state.read?.('1')).toBe('"bob"');
    expect(restore(plain, disk('"ana"')).names, 'one that needs no more').toEqual(['ana']);
  });

  it('KEEP3 tells of a row that it cannot read, and does not begin where there is nobody to tell', () => {
    const told: string[] = [];
    expect(restore(bound, disk('"ana"', 'torn'), ({ key }) => void told.push(key)).names).toEqual(['ana']);
    expect(told).toEqual(['1']);
    expect(() => restore(bound, disk('torn'))).toThrow(SyntaxError);
  });

  it('BOUND3 goes on from its disk without numbering a call twice, beside rows that it could not read before either', () => {
    const state = reload(bound, disk('"ana"', 'torn'), { nextCall: 42, names: ['never', 'written'] });
    expect(state).toMatchObject({ nextCall: 42, names: ['ana'] });
    expect(state.read?.('0')).toBe('"ana"');
  });
});
