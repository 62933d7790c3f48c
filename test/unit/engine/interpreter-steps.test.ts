// What the interpreter makes of one step, written as the effects that it has: what is committed, who is told, what a failure leaves.
import { describe, expect, it } from 'vitest';
import { type Effects, noEffects, type Send } from '../../../src/engine/effects.ts';
import { type InterpreterPorts, interpreter } from '../../../src/engine/interpreter.ts';
import { TooLarge } from '../../../src/engine/rows.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import type { CellLoad } from '../../../src/protocol/status.ts';

/** A step as it comes out. */
type Event = () => Effects;

const ROW = { table: 'users', key: 'ana', value: '{}' };
const HUGE = { ...ROW, value: 'huge' };
const LOAD = { t: 'load', users: 3 } as CellLoad;
const SEND = { call: 7 } as Send;
const step =
  (more: Partial<Effects> = {}): Event =>
  () => ({ ...noEffects(), ...more });
const fails: Event = () => {
  throw new Error('the step failed');
};

function world(more: Partial<InterpreterPorts<Event>> = {}) {
  const log: unknown[][] = [];
  const tell =
    (what: string) =>
    (...said: readonly unknown[]): void =>
      void log.push([what, ...said]);
  const sent: ((reply: unknown) => void)[] = [];
  const machine = interpreter<Event>({
    now: () => epochMs(1),
    step: (event) => event(),
    store: {
      commit: ({ rows, alarmAt }) => {
        if (rows.includes(HUGE)) throw new TooLarge('a row of users would have 3 MB');
        log.push(['commit', rows.length, alarmAt]);
      },
    },
    send: (_, done) => void sent.push(done),
    onReply: (call, reply) => {
      log.push(['heard', call, reply]);
      return step();
    },
    attach: () => undefined,
    push: () => undefined,
    busy: tell('busy'),
    load: tell('load'),
    healed: tell('healed'),
    reload: () => [],
    abort: tell('abort'),
    failed: (what) => void log.push(['failed', what]),
    ...more,
  });
  const told = new Map<string, unknown[]>();
  /** Somebody asks; `make` knows their token. */
  const ask = (name: string, make: (token: number) => Event): void => {
    told.set(name, []);
    machine.request(make, (reply) => void told.get(name)?.push(reply));
  };
  return { log, machine, ask, told, sent };
}
const answer = (token: number, value: unknown, more: Partial<Effects> = {}): Event =>
  step({ ...more, replies: [{ token, value }] });

describe('a step', () => {
  it.each([
    ['rows alone', { rows: [ROW] }, ['commit', 1, undefined]],
    ['an alarm alone', { alarmAt: epochMs(5) }, ['commit', 0, 5]],
    ['an alarm to be disarmed', { alarmAt: null }, ['commit', 0, null]],
  ])('FX1 with %s is committed', (_, effects, commit) => {
    const { log, machine } = world();
    expect(machine.run(step(effects))).toBe(true);
    expect(log).toEqual([commit]);
  });

  it('STORE1 that changes nothing costs no commit, and gives no hints', () => {
    const { log, machine } = world();
    machine.run(step());
    expect(log).toEqual([]);
  });

  it('tells its hints to whoever listens, and needs nobody who does', () => {
    const hints = { busyUntil: epochMs(9), load: LOAD, clockLeadMs: 200_000 };
    const { log, machine } = world();
    machine.run(step(hints));
    expect(log).toEqual([
      ['busy', 9],
      ['load', LOAD],
      ['healed', 200_000],
    ]);
    const deaf = world({ busy: undefined, load: undefined, healed: undefined });
    expect(deaf.machine.run(step(hints))).toBe(true);
    expect(deaf.log).toEqual([]);
  });

  it('answers each caller once, whichever step it is that answers, and leaves an answer for nobody', () => {
    const { ask, machine, told } = world();
    const tokens: number[] = [];
    for (const name of ['ana', 'bob'])
      ask(name, (token) => {
        tokens.push(token);
        return step();
      });
    const [ana = 0, bob = 0] = tokens;
    expect(ana).not.toBe(bob);
    machine.run(answer(bob, 'for bob'));
    machine.run(answer(bob, 'again'));
    machine.run(answer(ana, 'for ana'));
    machine.run(answer(999, 'for nobody'));
    expect(Object.fromEntries(told)).toEqual({ ana: ['for ana'], bob: ['for bob'] });
  });

  it('hears the reply of a call under its number, and after the object was thrown away nothing', () => {
    const { log, machine, sent } = world();
    machine.run(step({ sends: [SEND, SEND] }));
    sent[0]?.('here');
    expect(log).toEqual([['heard', 7, 'here']]);
    expect(() => machine.run(fails)).toThrow('the step failed');
    const before = log.length;
    sent[1]?.('too late');
    expect(log).toHaveLength(before);
  });
});

describe('BOUND3 a step that is too large', () => {
  const tooLarge = step({ rows: [HUGE] });

  it('is refused whoever ran it, and so is the next one: nothing is thrown away', () => {
    const { log, machine } = world();
    expect([machine.run(tooLarge), machine.run(tooLarge), machine.run(step({ rows: [ROW] }))]).toEqual([
      false,
      false,
      true,
    ]);
    expect(log).toEqual([
      ['failed', 'commit'],
      ['failed', 'commit'],
      ['commit', 1, undefined],
    ]);
  });

  it('refuses who asked for it and tells who waits to ask again, each once; who was answered before hears nothing', () => {
    const { ask, machine, told } = world();
    ask('answered', (token) => answer(token, 'yes'));
    ask('waits', () => step());
    ask('asks', () => tooLarge);
    machine.run(tooLarge);
    expect(Object.fromEntries(told)).toEqual({
      answered: ['yes'],
      waits: [expect.objectContaining({ code: 'busy' })],
      asks: [expect.objectContaining({ code: 'too_large' })],
    });
  });

  it.each([
    ['is too large as well', tooLarge, TooLarge],
    ['fails', fails, Error],
  ])('is beyond help when what was rebuilt %s: the object is thrown away, once', (_, boot, error) => {
    const { log, machine } = world({ reload: () => [boot] });
    expect(() => machine.run(tooLarge)).toThrow(error);
    expect(log.map(([what]) => what)).toEqual(['failed', 'failed', 'abort']);
    expect(() => machine.run(step())).toThrow('thrown away');
  });
});
