// The object of one user: decodes, steps, carries out. Every rule lives in src/user.
import { DurableObject } from 'cloudflare:workers';
import { servicesOf } from '../edge/services.ts';
import type { Env } from '../env.ts';
import type { UserEnvelope, UserReply } from '../messages/calls.ts';
import { jsonLog } from '../ops/log.ts';
import { userMachine } from '../user/machine.ts';
import type { UserState } from '../user/state.ts';
import type { UserEventIn } from '../user/step.ts';
import { type Kept, restored, type Shell, sender, shell } from './durable.ts';
import { askPatiently } from './long-poll.ts';

export class UserObject extends DurableObject<Env> {
  readonly #kept: Kept<UserState>;
  readonly #shell: Shell<UserEventIn>;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { router } = servicesOf(env);
    const log = jsonLog(env.LOG_LEVEL);
    this.#kept = restored(ctx, userMachine, log);
    this.#shell = shell<UserState, UserEventIn>(ctx, {
      machine: userMachine,
      log,
      kept: this.#kept,
      call: sender(router),
      usersWaiting: () => router.usersWaiting(),
      boot: (armedAt) => [{ t: 'boot', pseudonym: `u-${crypto.randomUUID()}`, armedAt }],
      attach: () => undefined,
      push: () => undefined,
    });
  }

  /** Every call of the edge and of cells. */
  async call({ request }: UserEnvelope): Promise<UserReply> {
    if (this.#kept.unreadable !== undefined) return this.#kept.unreadable();
    return askPatiently<UserReply, UserEventIn>(this.#shell, {
      waitMs: request.t === 'events' ? request.waitMs : 0,
      request: (token) => ({ t: 'request', request, token }),
      over: (token) => ({ t: 'waited', token }),
    });
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    if (this.#kept.unreadable === undefined) return this.#shell.alarm(info, { t: 'alarm' });
  }
}
