// The object of one user: decodes, steps, carries out. Every rule lives in src/user.
import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../env.ts';
import { jsonLog } from '../ops/log.ts';
import type { CellReply, UserEnvelope, UserReply } from '../protocol/messages.ts';
import type { Problem } from '../protocol/problems.ts';
import { loadUser, USER_TABLES } from '../user/codec.ts';
import type { UserState } from '../user/state.ts';
import { stepUser, type UserEventIn } from '../user/step.ts';
import { restored, type Shell, sender, shell } from './durable.ts';
import { servicesOf } from './services.ts';

export class UserObject extends DurableObject<Env> {
  #state: UserState;
  readonly #unreadable: (() => Problem) | undefined;
  readonly #shell: Shell<UserEventIn>;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { router } = servicesOf(env);
    const log = jsonLog(env.LOG_LEVEL);
    const { store, state, unreadable } = restored(ctx, { name: 'user', log }, USER_TABLES, loadUser);
    this.#state = state;
    this.#unreadable = unreadable;
    this.#shell = shell<UserEventIn>(ctx, {
      name: 'user',
      log,
      store,
      step: (event, now) => stepUser(this.#state, event, now),
      send: sender(router),
      usersWaiting: () => router.usersWaiting(),
      reload: () => {
        const { nextCall } = this.#state;
        this.#state = loadUser(store.load(), () => undefined);
        this.#state.nextCall = nextCall;
      },
      onReply: (call, reply) => ({ t: 'reply', call, reply: reply as CellReply }),
      boot: (armedAt) =>
        unreadable === undefined ? [{ t: 'boot', pseudonym: `u-${crypto.randomUUID()}`, armedAt }] : [],
      attach: () => undefined,
      push: () => undefined,
      busy: () => undefined,
    });
  }

  /** Every call of the edge and of cells. A long poll is answered by an event, or when its time is up. */
  async call({ request }: UserEnvelope): Promise<UserReply> {
    if (this.#unreadable !== undefined) return this.#unreadable();
    if (request.t !== 'events' || request.waitMs <= 0) {
      return this.#shell.ask((token) => ({ t: 'request', request, token }));
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const reply = this.#shell.ask<UserReply>((token) => {
      timer = setTimeout(() => this.#shell.run({ t: 'waited', token }), request.waitMs);
      return { t: 'request', request, token };
    });
    // A timer that is still pending keeps the object from sleeping.
    return reply.finally(() => clearTimeout(timer ?? null));
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    if (this.#unreadable === undefined) return this.#shell.alarm(info, { t: 'alarm' });
  }
}
