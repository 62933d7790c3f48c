// The gate before a cell: what is in flight is counted by kind of call, and what goes beyond is refused at once.

import { describe, expect, it } from 'vitest';
import { pass } from '../../src/edge/gate.ts';
import { Gate } from '../../src/engine/gate.ts';
import { traitsOf } from '../../src/messages/call-table.ts';
import { isProblem } from '../../src/protocol/problems.ts';

/** Calls that wait until they are let go. */
function slow() {
  const waiting: (() => void)[] = [];
  return {
    waiting,
    call: () => new Promise<{ readonly t: 'done' }>((resolve) => waiting.push(() => resolve({ t: 'done' }))),
  };
}

const KINDS = ['scout', 'presence', 'ask', 'patch', 'accept', 'decline', 'answer'] as const;

describe('LOAD7: calls in flight to one cell', () => {
  it.each(KINDS)('%s is refused at once when so many wait, and taken again when one has gone', async (kind) => {
    const gate = new Gate();
    const { waiting, call } = slow();
    const calls = Array.from({ length: traitsOf(kind).shedAbove ?? 0 }, () => pass(gate, '9q8yy', 'answer', call));
    expect(await pass(gate, '9q8yy', kind, call)).toMatchObject({ t: 'problem', code: 'busy', retryAfterS: 2 });
    expect(waiting).toHaveLength(calls.length);
    const other = pass(gate, '9q8yv', kind, call);
    waiting.splice(0, 1)[0]?.();
    await calls[0];
    const next = pass(gate, '9q8yy', kind, call);
    for (const go of waiting) go();
    expect((await Promise.all([...calls, other, next])).some(isProblem)).toBe(false);
  });

  it('refuses scouts before pings, these before questions, and these before what is said of offers; what decides between objects never', async () => {
    const limits = KINDS.map((kind) => traitsOf(kind).shedAbove ?? 0);
    expect([...limits].sort((a, b) => a - b)).toEqual(limits);
    const gate = new Gate();
    const { waiting, call } = slow();
    for (let i = 0; i < 600; i++) void pass(gate, '9q8yy', 'answer', call);
    expect(waiting).toHaveLength(512);
    for (const kind of ['cancel', 'question', 'load', 'recall', 'forget', 'reserve', 'push'] as const) {
      const { waiting: own, call: once } = slow();
      const answer = pass(gate, '9q8yy', kind, once);
      own[0]?.();
      expect(await answer).toEqual({ t: 'done' });
    }
  });

  it('counts a call that fails as gone', async () => {
    const gate = new Gate();
    for (let i = 0; i < 1000; i++) {
      await expect(pass(gate, '9q8yy', 'presence', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    }
    expect(await pass(gate, '9q8yy', 'presence', async () => ({ t: 'done' }))).toEqual({ t: 'done' });
  });

  it("tells how many calls of users are on their way, to any cell; scouts are nobody's", async () => {
    const gate = new Gate();
    const { waiting, call } = slow();
    const calls = [
      pass(gate, '9q8yy', 'ask', call),
      pass(gate, '9q8yv', 'presence', call),
      pass(gate, '9q8yv', 'scout', call),
    ];
    expect(gate.ofUsers).toBe(2);
    for (const go of waiting) go();
    await Promise.all(calls);
    expect(gate.ofUsers).toBe(0);
  });
});
