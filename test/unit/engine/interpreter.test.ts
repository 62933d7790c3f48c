// The order in which effects are carried out, seen from every door that they leave by.
import { describe, expect, it } from 'vitest';
import type { Attachment, Effects, Send } from '../../../src/engine/effects.ts';
import { noEffects } from '../../../src/engine/effects.ts';
import { type InterpreterPorts, interpreter } from '../../../src/engine/interpreter.ts';
import { TooLarge } from '../../../src/engine/rows.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import type { UserId } from '../../../src/protocol/ids.ts';

type Event = { readonly t: 'ask'; readonly token: number } | { readonly t: 'reply'; readonly reply: unknown };

const alice = 'alice' as UserId;
const SEND: Send = {
  call: 1,
  address: { to: 'user', user: alice },
  request: { t: 'where', user: alice },
  timeoutMs: 10,
};

/** An interpreter whose step wants everything done at once, and the log of what was done. */
function world(broken: 'nothing' | 'commit' | 'step' | 'push' | 'size') {
  const log: string[] = [];
  const fail = (where: typeof broken): void => {
    if (broken === where) throw new Error(`${where} failed`);
  };
  const deps: InterpreterPorts<Event> = {
    now: () => epochMs(1),
    store: {
      commit: ({ rows, alarmAt }) => {
        fail('commit');
        if (broken === 'size') throw new TooLarge('one row has 3 MB');
        log.push(`commit ${rows.length} rows, alarm ${alarmAt}`);
      },
    },
    step: (event) => {
      fail('step');
      if (event.t === 'reply') {
        log.push(`reply ${JSON.stringify(event.reply)}`);
        return noEffects();
      }
      // The first one's answer comes in a later step.
      if (broken === 'size' && event.token === 1) return noEffects();
      const effects: Effects = noEffects();
      effects.rows.push({ table: 'users', key: 'alice', value: '{}' });
      effects.alarmAt = epochMs(5);
      effects.busyUntil = epochMs(7);
      effects.attachments.push({ user: alice } as unknown as Attachment);
      effects.replies.push({ token: event.token, value: 'answer' });
      effects.frames.push({ user: alice, frame: { t: 'event' }, close: false });
      effects.sends.push(SEND);
      return effects;
    },
    send: (_, done) => {
      log.push('send');
      setTimeout(() => done({ t: 'where' }), 0);
    },
    reload: () => {
      log.push('reload');
      return [{ t: 'reply', reply: 'boot' }];
    },
    onReply: (_, reply) => ({ t: 'reply', reply }),
    attach: (attachments) => void log.push(`attach ${attachments.length}`),
    push: (frames) => {
      fail('push');
      if (frames.length > 0) log.push('push');
    },
    busy: () => void log.push('busy'),
    abort: () => void log.push('abort'),
    failed: (what) => void log.push(`failed ${what}`),
  };
  return { log, machine: interpreter(deps) };
}

const ask = (machine: ReturnType<typeof world>['machine']): Promise<string> =>
  new Promise((resolve) => machine.request((token) => ({ t: 'ask', token }), resolve as (reply: unknown) => void));
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('carrying out effects', () => {
  it('FX1: rows and alarm first, in one commit; then sockets, the sweep and other objects', async () => {
    const { log, machine } = world('nothing');
    expect(await ask(machine)).toBe('answer');
    await settled();
    expect(log.slice(0, 5)).toEqual(['commit 1 rows, alarm 5', 'attach 1', 'push', 'busy', 'send']);
    expect(log.slice(5)).toEqual(['attach 0', 'reply {"t":"where"}'].sort((a) => (a === 'attach 0' ? 1 : -1)));
  });

  it.each(['commit', 'step'] as const)(
    'FX1: after a failed %s nothing is published, and the object is thrown away',
    async (what) => {
      const { log, machine } = world(what);
      await expect(ask(machine)).rejects.toThrow(`${what} failed`);
      expect(log).toEqual(['failed step', 'abort']);
      await expect(ask(machine)).rejects.toThrow('thrown away');
      expect(() => machine.run({ t: 'reply', reply: 1 })).toThrow('thrown away');
      expect(log).toEqual(['failed step', 'abort']);
    },
  );

  it('FX1: what was committed and cannot be published is left to the successor', async () => {
    const { log, machine } = world('push');
    await ask(machine).catch(() => {});
    await settled();
    expect(log).toEqual(['commit 1 rows, alarm 5', 'attach 1', 'failed step', 'abort']);
  });

  it('BOUND3: a step that is too large refuses its own request, tells the others to ask again, and takes nobody down', async () => {
    const { log, machine } = world('size');
    const [first, second] = [ask(machine), ask(machine)] as readonly Promise<unknown>[];
    expect(await first).toMatchObject({ t: 'problem', code: 'busy' });
    expect(await second).toMatchObject({ t: 'problem', code: 'too_large' });
    expect(log).not.toContain('abort');
    expect(log).toContain('failed commit');
    expect(log.slice(log.indexOf('reload') + 1)).toContain('reply "boot"');
    machine.run({ t: 'reply', reply: 'it lives' });
    expect(log).toContain('reply "it lives"');
  });
});
