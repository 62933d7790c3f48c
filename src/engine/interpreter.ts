// Carries out a step's effects in the one fixed order: rows and alarm in one transaction, then answers, frames and calls.
// A commit that fails throws the object away, so that memory is never ahead of the disk; one that is too large is refused.
// The one interpreter: objects run it over the platform, the simulator over ports that fail.
import type { EpochMs } from '../lib/brand.ts';
import { busy, problem } from '../protocol/problems.ts';
import type { CellLoad } from '../protocol/status.ts';
import type { Effects, Send } from './effects.ts';
import { type RowStore, TooLarge } from './rows.ts';

export type InterpreterPorts<Event> = {
  readonly store: Pick<RowStore, 'commit'>;
  readonly now: () => EpochMs;
  /** The pure step, its state bound. */
  readonly step: (event: Event, now: EpochMs) => Effects;
  /** Calls another object. `done` hears its reply, or `failed` when there is none in the send's time: once, and in a later turn. */
  readonly send: (send: Send, done: (reply: unknown) => void) => void;
  /** Turns the outcome of a call into an event. */
  readonly onReply: (call: number, reply: unknown) => Event;
  readonly attach: (attachments: Effects['attachments']) => void;
  readonly push: (frames: Effects['frames']) => void;
  /** Tells the sweep's list; a hint, so nobody waits for it. */
  readonly busy?: ((until: EpochMs) => void) | undefined;
  /** Tells ops what the object carries; a hint too. */
  readonly load?: ((load: CellLoad) => void) | undefined;
  /** What was stored was so far ahead of the clock, and was brought back. */
  readonly healed?: ((leadMs: number) => void) | undefined;
  /** Rebuilds the state from its rows, and answers with the events by which the core takes up what was under way. */
  readonly reload: () => readonly Event[];
  /** Throws the object away: the next event finds a new one, rebuilt from its rows. */
  readonly abort: (why: string) => void;
  readonly failed: (what: string, error: unknown) => void;
};

export type Interpreter<Event> = {
  /** False for a step that was refused. @throws what the step, its commit or a port threw: the object was thrown away. */
  readonly run: (event: Event) => boolean;
  /** Runs an event whose answer may come in a later step. An object that is thrown away answers nobody. @throws as `run` does. */
  readonly request: (make: (token: number) => Event, done: (reply: unknown) => void) => void;
};

export function interpreter<Event>(ports: InterpreterPorts<Event>): Interpreter<Event> {
  const waiting = new Map<number, (value: unknown) => void>();
  let nextToken = 1;
  let dead = false;
  let refusing = false;

  const commit = (effects: Effects): void => {
    if (effects.rows.length > 0 || effects.alarmAt !== undefined) {
      ports.store.commit({ rows: effects.rows, alarmAt: effects.alarmAt });
    }
    // Soft state goes with its socket; it is no promise to anybody.
    ports.attach(effects.attachments);
  };
  const publish = (effects: Effects): void => {
    for (const { token, value } of effects.replies) {
      const done = waiting.get(token);
      waiting.delete(token);
      done?.(value);
    }
    ports.push(effects.frames);
    if (effects.busyUntil !== undefined) ports.busy?.(effects.busyUntil);
    if (effects.load !== undefined) ports.load?.(effects.load);
    if (effects.clockLeadMs !== undefined) ports.healed?.(effects.clockLeadMs);
    for (const send of effects.sends) ports.send(send, (reply) => replied(send.call, reply));
  };
  const replied = (call: number, reply: unknown): void => {
    // An object that was thrown away meanwhile takes nothing up; its successor asks again.
    if (!dead) run(ports.onReply(call, reply));
  };
  /** BOUND3: what cannot be written for what is in it is refused; nobody else is harmed, and memory is as the disk has it. */
  const refuse = (token: number | undefined, error: TooLarge): void => {
    ports.failed('commit', error);
    const callers = [...waiting];
    waiting.clear();
    for (const [of, done] of callers) done(of === token ? problem('too_large') : busy('it is asked again'));
    refusing = true;
    for (const event of ports.reload()) run(event);
    refusing = false;
  };
  const run = (event: Event, token?: number): boolean => {
    // What is left of an object that was thrown away must not answer for it.
    if (dead) throw new Error('this object was thrown away');
    try {
      return carryOut(event, token);
    } catch (error) {
      // A step inside the refusal of another may have been the one that failed.
      if (!dead) {
        dead = true;
        ports.failed('step', error);
        ports.abort('a step or its commit failed; starting again from the last commit');
      }
      throw error;
    }
  };
  const carryOut = (event: Event, token: number | undefined): boolean => {
    try {
      const effects = ports.step(event, ports.now());
      commit(effects);
      publish(effects);
      return true;
    } catch (error) {
      // What was rebuilt and cannot be written again is beyond help.
      if (!(error instanceof TooLarge) || refusing) throw error;
      refuse(token, error);
      return false;
    }
  };
  return {
    run: (event) => run(event),
    request: (make, done) => {
      const token = nextToken++;
      waiting.set(token, done);
      run(make(token), token);
    },
  };
}
