// The UserObject as the interpreter runs it: calls go out, and what comes of them comes back as an event.
import { describe, expect, it } from 'vitest';
import type { Send } from '../../../src/engine/effects.ts';
import { interpreter } from '../../../src/engine/interpreter.ts';
import { reload, restore } from '../../../src/engine/machine.ts';
import { plusMs } from '../../../src/lib/brand.ts';
import { memoryRows } from '../../../src/store/memory/memory-rows.ts';
import { userMachine } from '../../../src/user/machine.ts';
import type { UserEventIn } from '../../../src/user/step.ts';
import { ana, CELL, EAST, START } from '../support/names.ts';

function object() {
  const store = memoryRows(userMachine.tables);
  let state = restore(userMachine, store);
  let now = START;
  const calls: { readonly send: Send; readonly done: (reply: unknown) => void }[] = [];
  const engine = interpreter<UserEventIn>({
    store,
    now: () => now,
    step: (event, at) => userMachine.step(state, event, at, () => 0.5),
    send: (send, done) => void calls.push({ send, done }),
    onReply: userMachine.onReply,
    attach: () => undefined,
    push: () => undefined,
    reload: () => {
      state = reload(userMachine, store, state);
      return [];
    },
    abort: () => undefined,
    failed: () => undefined,
  });
  const claim = (cell: typeof CELL): unknown[] => {
    const heard: unknown[] = [];
    const request = { t: 'claim', user: ana, cell, session: 's' } as const;
    engine.request(
      (token) => ({ t: 'request', request, token }),
      (reply) => void heard.push(reply),
    );
    return heard;
  };
  const later = (ms: number): void => {
    now = plusMs(now, ms);
  };
  return { calls, claim, later };
}

describe('the machine of a user', () => {
  it('OWN1 asks the holder, and grants the user when that has answered', () => {
    const { calls, claim, later } = object();
    expect(claim(CELL)).toMatchObject([{ t: 'granted', epoch: 1 }]);
    later(2000);
    const heard = claim(EAST);
    expect(calls.map(({ send }) => [send.address, send.request.t])).toEqual([[{ to: 'cell', cell: CELL }, 'recall']]);
    expect(heard).toEqual([]);
    calls[0]?.done({ t: 'no_row' });
    expect(heard).toMatchObject([{ t: 'granted', epoch: 2 }]);
  });
});
