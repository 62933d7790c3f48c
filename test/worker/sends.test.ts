// How calls leave an object: with a time each, and in their turn.
import { expect, it } from 'vitest';
import type { Send } from '../../src/engine/effects.ts';
import { AT_ONCE, USERS_FIRST_FROM, WAITING_MAX } from '../../src/object/background.ts';
import { sends } from '../../src/object/sends.ts';
import type { UserId } from '../../src/protocol/ids.ts';

const SEND: Send = {
  call: 1,
  address: { to: 'user', user: 'alice' as UserId },
  request: { t: 'where', user: 'alice' as UserId },
  timeoutMs: 20,
};
const BACKGROUND: Send = { ...SEND, background: true };

/** The port over calls that the test answers itself. */
function port(usersWaiting = 0) {
  const made: { readonly answer: (reply: unknown) => void; readonly fail: (error: Error) => void }[] = [];
  const failures: string[] = [];
  const send = sends(
    () => new Promise((answer, fail) => made.push({ answer, fail })),
    () => usersWaiting,
    (what) => void failures.push(what),
  );
  const heard = (one: Send): Promise<unknown> => new Promise((done) => send(one, done));
  return { made, failures, heard };
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

it('FX1: the reply of a call is heard once, a failure and a time-out as `failed`', async () => {
  const { made, failures, heard } = port();
  const [answered, failing, late] = [heard(SEND), heard(SEND), heard(SEND)];
  made[0]?.answer({ t: 'where' });
  made[1]?.fail(new Error('gone'));
  expect(await answered).toEqual({ t: 'where' });
  expect(await failing).toEqual({ t: 'failed' });
  expect(failures).toEqual(['call where']);
  expect(await late).toEqual({ t: 'failed' });
});

it('LOAD8: a call for which nobody waits is made in its turn; one that gets none has failed, and is repeated later', async () => {
  const { made, heard } = port();
  const all = Array.from({ length: AT_ONCE + WAITING_MAX + 1 }, () => heard(BACKGROUND));
  await soon();
  expect(made).toHaveLength(AT_ONCE);
  expect(await all.at(-1), 'one too many').toEqual({ t: 'failed' });
  made[0]?.answer({ t: 'where' });
  await soon();
  expect(made.length).toBeGreaterThan(AT_ONCE);
  expect(await all[0]).toEqual({ t: 'where' });
});

it('LOAD8: calls of users go first, whatever else is to be sent', async () => {
  const { made, heard } = port(USERS_FIRST_FROM);
  void heard(BACKGROUND);
  void heard(SEND);
  await soon();
  expect(made).toHaveLength(1);
});
