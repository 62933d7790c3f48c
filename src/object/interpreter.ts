// Carries out a step's effects in the one fixed order: rows and alarm in one transaction, then answers, frames and calls.
// A commit that fails throws the object away, so that memory is never ahead of the disk; one that is too large is refused.
import type { EpochMs } from '../lib/brand.ts';
import type { Effects, Send } from '../protocol/effects.ts';
import { problem } from '../protocol/problems.ts';
import type { CellLoad } from '../protocol/records.ts';
import { type RowStore, TooLarge } from '../store/rows.ts';
import { busy } from './call.ts';

export type InterpreterDeps<Event> = {
  readonly store: RowStore;
  readonly now: () => EpochMs;
  /** The pure step, its state bound. */
  readonly step: (event: Event, now: EpochMs) => Effects;
  /** Calls another object; rejects when it cannot. */
  readonly send: (send: Send) => Promise<unknown>;
  /** Turns the outcome of a call into an event. */
  readonly onReply: (call: number, reply: unknown) => Event;
  readonly attach: (attachments: Effects['attachments']) => void;
  readonly push: (frames: Effects['frames']) => void;
  /** Tells the sweep's list; a hint, so nobody waits for it. */
  readonly busy: (until: EpochMs) => void;
  /** Tells ops what the object carries; a hint too. */
  readonly load?: ((load: CellLoad) => void) | undefined;
  /** What was stored was so far ahead of the clock, and was brought back. */
  readonly healed?: ((leadMs: number) => void) | undefined;
  /** The outcome, or `late` when it takes longer. */
  readonly within: <T, Late>(ms: number, outcome: Promise<T>, late: Late) => Promise<T | Late>;
  /** Makes a call for which nobody waits, when it is its turn; rejects when too many wait already. */
  readonly inTurn: <T>(call: () => Promise<T>) => Promise<T>;
  /** Rebuilds the state from its rows, and answers with the events by which the core takes up what was under way. */
  readonly reload: () => readonly Event[];
  /** Throws the object away: the next event finds a new one, rebuilt from its rows. */
  readonly abort: (why: string) => void;
  readonly failed: (what: string, error: unknown) => void;
};

export type Interpreter<Event> = {
  /** False for a step that was refused. */
  readonly run: (event: Event) => boolean;
  /** Runs an event whose answer may come in a later step. */
  readonly ask: <Reply>(make: (token: number) => Event) => Promise<Reply>;
};

export function interpreter<Event>(deps: InterpreterDeps<Event>): Interpreter<Event> {
  const waiting = new Map<number, (value: unknown) => void>();
  let nextToken = 1;
  let dead = false;
  let refusing = false;

  const commit = (effects: Effects): void => {
    if (effects.rows.length > 0 || effects.alarmAt !== undefined) {
      deps.store.commit({ rows: effects.rows, alarmAt: effects.alarmAt });
    }
    // Soft state goes with its socket; it is no promise to anybody.
    deps.attach(effects.attachments);
  };
  const publish = (effects: Effects): void => {
    for (const { token, value } of effects.replies) {
      waiting.get(token)?.(value);
      waiting.delete(token);
    }
    deps.push(effects.frames);
    if (effects.busyUntil !== undefined) deps.busy(effects.busyUntil);
    if (effects.load !== undefined) deps.load?.(effects.load);
    if (effects.clockLeadMs !== undefined) deps.healed?.(effects.clockLeadMs);
    // A failure of what follows has been told, and has thrown the object away.
    for (const send of effects.sends) call(send).catch(() => undefined);
  };
  const call = async (send: Send): Promise<void> => {
    const failed = (error: unknown) => {
      deps.failed(`call ${send.request.t}`, error);
      return { t: 'failed' };
    };
    // The time for an answer begins when the call is sent.
    const sent = () => deps.within(send.timeoutMs, deps.send(send).catch(failed), { t: 'failed' });
    const reply = await (send.background === true ? deps.inTurn(sent).catch(() => ({ t: 'failed' })) : sent());
    // An object that was thrown away meanwhile takes nothing up; its successor asks again.
    if (!dead) run(deps.onReply(send.call, reply));
  };
  /** BOUND3: what cannot be written for what is in it is refused; nobody else is harmed, and memory is as the disk has it. */
  const refuse = (token: number | undefined, error: TooLarge): void => {
    deps.failed('commit', error);
    const callers = [...waiting];
    waiting.clear();
    for (const [of, answer] of callers) answer(of === token ? problem('too_large') : busy('it is asked again'));
    refusing = true;
    for (const event of deps.reload()) run(event);
    refusing = false;
  };
  const run = (event: Event, token?: number): boolean => {
    // What is left of an object that was thrown away must not answer for it.
    if (dead) throw new Error('this object was thrown away');
    try {
      const effects = deps.step(event, deps.now());
      commit(effects);
      publish(effects);
      return true;
    } catch (error) {
      // What was rebuilt and cannot be written again is beyond help.
      if (error instanceof TooLarge && !refusing) {
        refuse(token, error);
        return false;
      }
      dead = true;
      deps.failed('step', error);
      deps.abort('a step or its commit failed; starting again from the last commit');
      throw error;
    }
  };
  return {
    run: (event) => run(event),
    ask: <Reply>(make: (token: number) => Event) =>
      new Promise<Reply>((resolve, reject) => {
        const token = nextToken++;
        waiting.set(token, resolve as (value: unknown) => void);
        try {
          run(make(token), token);
        } catch (error) {
          waiting.delete(token);
          reject(error);
        }
      }),
  };
}
