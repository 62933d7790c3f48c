// How an object's calls leave it: each has its time, which begins when it is sent; those for which nobody waits go in their turn.
import type { Send } from '../engine/effects.ts';
import type { InterpreterPorts } from '../engine/interpreter.ts';
import { Background } from './background.ts';

const FAILED = { t: 'failed' };

/** The engine's port for calls, over promises. @param call rejects when it cannot reach the other object */
export function sends(
  call: (send: Send) => Promise<unknown>,
  usersWaiting: () => number,
  failed: (what: string, error: unknown) => void,
): InterpreterPorts<never>['send'] {
  const background = new Background({ usersWaiting, sleep });
  return (send, done) => {
    const sent = (): Promise<unknown> =>
      within(
        send.timeoutMs,
        call(send).catch((error: unknown) => {
          failed(`call ${send.request.t}`, error);
          return FAILED;
        }),
        FAILED,
      );
    const reply = send.background === true ? background.run(sent).catch(() => FAILED) : sent();
    // A failure of what follows has been told, and has thrown the object away.
    reply.then(done).catch(() => undefined);
  };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A timer that is still pending keeps an object from sleeping: it goes with the outcome. */
function within<T, Late>(ms: number, outcome: Promise<T>, late: Late): Promise<T | Late> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(late), ms);
    outcome.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
