// The gate as edge and simulator use it: who is let through, and what leaving does. How it holds calls over promises: test/worker/gate.test.ts.
import { describe, expect, it } from 'vitest';
import { Gate } from '../../../src/engine/gate.ts';
import { present } from '../../../src/lib/assert.ts';
import { traitsOf } from '../../../src/messages/call-table.ts';

const KINDS = ['scout', 'presence', 'ask', 'patch', 'accept', 'decline', 'answer'] as const;
const HERE = '9q8yy';

const entered = (gate: Gate, kind: Parameters<Gate['enter']>[1], cell = HERE): (() => void) => {
  const leave = gate.enter(cell, kind);
  if (typeof leave !== 'function') throw new Error(`${kind} is shed`);
  return leave;
};

describe('LOAD7: the gate', () => {
  it.each(KINDS)('sheds %s where as many calls wait as it may wait behind, and takes it when one has gone', (kind) => {
    const gate = new Gate();
    const waiting = Array.from({ length: present(traitsOf(kind).shedAbove, 'limit') }, () => entered(gate, 'answer'));
    expect(gate.enter(HERE, kind)).toMatchObject({ t: 'problem', code: 'busy', retryAfterS: 2 });
    entered(gate, kind, '9q8yv');
    waiting[0]?.();
    entered(gate, kind);
  });

  it('counts nothing that is never shed, and of users what is no scout', () => {
    const gate = new Gate();
    entered(gate, 'recall');
    const scouted = entered(gate, 'scout');
    const leave = entered(gate, 'presence');
    expect(gate.ofUsers).toBe(1);
    scouted();
    expect(gate.ofUsers).toBe(1);
    leave();
    expect(gate.ofUsers).toBe(0);
  });
});
