// The object of one cell: decodes, steps, carries out. Every rule lives in src/cell.
import { DurableObject } from 'cloudflare:workers';
import { cellMachine } from '../cell/machine.ts';
import type { AnyCell } from '../cell/state.ts';
import type { CellEvent } from '../cell/step.ts';
import { type Connection, isOver } from '../cell/users/connections.ts';
import { diskProblem } from '../edge/disk.ts';
import { runFrame } from '../edge/frame-verbs.ts';
import { mapWatch } from '../edge/map-watch.ts';
import { servicesOf } from '../edge/services.ts';
import { bearerOf, timeOf, tokenRules } from '../edge/token.ts';
import { pingOf, type Verbs } from '../edge/verbs.ts';
import type { Env } from '../env.ts';
import type { Point } from '../geo/point.ts';
import { snap } from '../geo/snap.ts';
import { type EpochMs, epochMs } from '../lib/brand.ts';
import type { CellEnvelope, CellReply } from '../messages/calls.ts';
import { SOCKET_HEADER, type SocketGreeting } from '../messages/greeting.ts';
import type { MapRow } from '../messages/map-row.ts';
import type { Ping } from '../messages/records.ts';
import { jsonLog } from '../ops/log.ts';
import { errorFrame, okFrame, parseFrame } from '../protocol/frames.ts';
import type { UserId } from '../protocol/ids.ts';
import { busy, isProblem, problem } from '../protocol/problems.ts';
import type { CellLoad } from '../protocol/status.ts';
import { d1BusyStore } from '../store/sql/d1-busy-store.ts';
import { d1LoadStore } from '../store/sql/d1-load-store.ts';
import { type Kept, restored, type Shell, sender, shell } from './durable.ts';
import { askPatiently } from './long-poll.ts';
import { answerClose, type SocketInfo, type Sockets, send, sockets } from './sockets.ts';

export class CellObject extends DurableObject<Env> {
  readonly #kept: Kept<AnyCell>;
  readonly #shell: Shell<CellEvent>;
  readonly #sockets: Sockets;
  readonly #verbs: Verbs;
  readonly #watchMap: ReturnType<typeof mapWatch>;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { router, verbs } = servicesOf(env);
    this.#verbs = verbs;
    this.#sockets = sockets(ctx);
    const log = jsonLog(env.LOG_LEVEL);
    this.#kept = restored(ctx, cellMachine, log);
    this.#shell = shell<AnyCell, CellEvent>(ctx, {
      machine: cellMachine,
      log,
      kept: this.#kept,
      call: sender(router),
      usersWaiting: () => router.usersWaiting(),
      boot: (armedAt) => this.#boot(armedAt),
      attach: this.#sockets.attach,
      push: this.#sockets.push,
      busy: (until) => this.#tellSweep(until),
      load: (load) => this.#reportToOps(load),
    });
    this.#watchMap = mapWatch({
      leaf: (cell) => router.leaf(cell),
      mapRow: (cell) => router.rowOf(cell),
      apply: (mapRow) => this.#heardOfMap(mapRow),
      failed: (error) => this.#shell.failed('read the map', error),
      now: () => Date.now(),
    });
  }

  /** Every call of the edge and of other objects. */
  async call(envelope: CellEnvelope): Promise<CellReply> {
    if (this.#kept.unreadable !== undefined) return this.#kept.unreadable();
    const { request } = envelope;
    return askPatiently<CellReply, CellEvent>(this.#shell, {
      waitMs: request.t === 'events' ? request.waitMs : 0,
      request: (token) => ({ t: 'request', envelope, token }),
      over: (token) => ({ t: 'waited', token }),
    });
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    // Nothing is due that could be done.
    if (this.#kept.unreadable !== undefined) return;
    return this.#shell.alarm(info, { t: 'alarm' });
  }

  /** A WebSocket that the edge has authorised. */
  override async fetch(request: Request): Promise<Response> {
    const greeting = JSON.parse(request.headers.get(SOCKET_HEADER) ?? 'null') as SocketGreeting | null;
    if (greeting === null || request.headers.get('upgrade') !== 'websocket') return new Response(null, { status: 426 });
    if (this.#kept.unreadable !== undefined) return new Response(null, { status: 503 });
    const { profile = {}, ttlMs, seq, at, ...seat } = greeting;
    const info: SocketInfo = { ...seat, connection: crypto.randomUUID(), openedAt: Date.now() };
    const { response, socket } = this.#sockets.accept(info, request.headers.get('sec-websocket-protocol'));
    this.#shell.run({ t: 'socket_open', user: info.user, session: info.session });
    this.#shell.run({ t: 'connected', connections: [connectionOf(info)] });
    // The point in the address is the first ping, and the upgrade waits for its outcome: a connection means presence, but for
    // somebody who has never given a profile. They are present from their first presence frame on.
    if (info.point !== null) {
      const first: Ping = {
        point: info.point,
        profile,
        session: info.session,
        ...(ttlMs === undefined ? {} : { ttlMs }),
        ...(seq === undefined ? {} : { seq }),
        ...(Object.keys(profile).length === 0 ? { opening: true } : {}),
      };
      const reply = await this.#ping(info, first, at);
      if (isProblem(reply) && reply.code !== 'no_presence') {
        send(socket, JSON.stringify(errorFrame(undefined, reply, info.trace)));
        socket.close(1008, reply.code);
        // The closing handshake takes its time: until then it would count as one of the user's.
        this.#lost(socket);
      }
    }
    return response;
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const info = this.#sockets.infoOf(socket);
    // What comes after a `moved` was sent before the client had read it: the next cell will hear it again.
    if (info === undefined || socket.readyState !== WebSocket.OPEN) return;
    if (isOver(connectionOf(info), Date.now())) {
      // What is due closes it.
      this.#shell.run({ t: 'tick' });
      return;
    }
    const parsed = parseFrame(message);
    if (!parsed.ok) {
      send(socket, JSON.stringify(errorFrame(parsed.error.ref, parsed.error.problem, info.trace)));
      return;
    }
    const frame = parsed.value;
    if (this.#kept.unreadable !== undefined) {
      send(socket, JSON.stringify(errorFrame(frame.ref, this.#kept.unreadable(), info.trace)));
      return;
    }
    const outcome = await this.#answer(socket, info, frame).catch((error: unknown) => {
      this.#shell.failed(`frame ${frame.t}`, error);
      return problem('internal');
    });
    if (outcome === undefined) return;
    const reply = isProblem(outcome) ? errorFrame(frame.ref, outcome, info.trace) : okFrame(frame.ref, outcome.result);
    send(socket, JSON.stringify(reply));
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#lost(socket);
    answerClose(socket, code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    this.#lost(socket);
  }

  #boot(armedAt: EpochMs | undefined): readonly CellEvent[] {
    const { attachments, bare, all } = this.#sockets.restore();
    const opened = bare.map(({ user, session }): CellEvent => ({ t: 'socket_open', user, session }));
    const connected: readonly CellEvent[] =
      all.length === 0 ? [] : [{ t: 'connected', connections: all.map(connectionOf) }];
    return [{ t: 'boot', attachments, armedAt }, ...opened, ...connected];
  }

  async #answer(
    socket: WebSocket,
    info: SocketInfo,
    frame: Extract<ReturnType<typeof parseFrame>, { ok: true }>['value'],
  ) {
    if (frame.t === 'token') return this.#renew(socket, info, frame.body.token);
    if (frame.t !== 'presence') {
      const soft = this.#sockets.softOf(socket);
      const here = soft === undefined ? (info.point ?? undefined) : { lat: soft.lat, lng: soft.lng };
      if (frame.t === 'ack' && diskProblem(Date.now()) === undefined) {
        const acked = await this.#ackHere(info.user, frame.body.seq);
        if (acked !== undefined) return { t: 'result' as const, result: acked };
      }
      const caller = { user: info.user, anybody: false, ...(info.trace === undefined ? {} : { trace: info.trace }) };
      return runFrame(this.#verbs, caller, frame, here);
    }
    const { lat, lng } = frame.body;
    const { mapRow } = this.#kept.state;
    if (mapRow !== undefined) this.#watchMap(mapRow.cell, mapRow.version);
    // The grid of today: the socket may have been opened under another.
    const grid = mapRow?.policy.gridLength ?? info.gridLength;
    const sent = pingOf({ session: info.session, ...frame.body }, snap({ lat, lng }, grid));
    const reply = await this.#ping(info, sent, { lat, lng });
    if (isProblem(reply)) return reply;
    if (reply.t === 'pending') return busy('this cell is being merged');
    if (reply.t !== 'present') return undefined;
    return { t: 'result' as const, result: reply.view };
  }

  /** The record of who is connected lies here as a rule. */
  async #ackHere(user: UserId, seq: number): Promise<{ readonly seq: number } | undefined> {
    const envelope: CellEnvelope = { request: { t: 'ack', user, seq } };
    const reply = await this.#shell.ask<CellReply>((token) => ({ t: 'request', envelope, token, socket: true }));
    return reply.t === 'acked' ? { seq: reply.seq } : undefined;
  }

  /** The socket goes on with another token of the same person. */
  async #renew(socket: WebSocket, info: SocketInfo, token: string) {
    const bearer = await bearerOf(token, Date.now() / 1000, tokenRules(this.env, 0));
    if (!bearer.ok) return bearer.error;
    const { user, scope, exp } = bearer.value;
    if (user !== info.subject || scope !== info.scope) return problem('token_other');
    const expiresAt = exp === undefined ? undefined : timeOf(exp);
    this.#sockets.renew(socket, { ...info, expiresAt });
    this.#shell.run({ t: 'renewed', user: info.user, id: info.connection, expiresAt });
    const result = expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() };
    return { t: 'result' as const, result };
  }

  /** Any request will do to take a newer row in. */
  #heardOfMap(mapRow: MapRow): void {
    this.#shell
      .ask((token) => ({ t: 'request', envelope: { request: { t: 'load' }, mapRow }, token }))
      .catch(() => undefined);
  }

  /** @param at the raw point: it goes into this one step, and is kept nowhere. */
  #ping({ user, trace }: SocketInfo, sent: Ping, at?: Point): Promise<CellReply<'presence'>> {
    const envelope: CellEnvelope = {
      request: { t: 'presence', user, ping: sent, ...(at === undefined ? {} : { at }) },
      ...(trace === undefined ? {} : { trace }),
    };
    return this.#shell.ask((token) => ({ t: 'request', envelope, token, socket: true }));
  }

  #tellSweep(until: EpochMs): void {
    const cell = this.#kept.state.mapRow?.cell;
    if (cell === undefined) return;
    // Lost, the next question tells it again; the alarm is what wakes the cell, the sweep only makes up for it.
    d1BusyStore(this.env.DB)
      .mark(cell, until)
      .catch((error: unknown) => this.#shell.failed('mark busy', error));
  }

  #reportToOps(load: CellLoad): void {
    d1LoadStore(this.env.DB)
      .tell(load, epochMs(Date.now()))
      .catch((error: unknown) => this.#shell.failed('tell load', error));
  }

  #lost(socket: WebSocket): void {
    if (this.#kept.unreadable !== undefined) return;
    const info = this.#sockets.infoOf(socket);
    if (info === undefined) return;
    this.#shell.run({ t: 'disconnected', user: info.user, id: info.connection });
    // Another device of the user may still be connected.
    if (this.#sockets.of(info.user).some((other) => other !== socket)) return;
    this.#shell.run({ t: 'socket_lost', user: info.user });
  }
}

function connectionOf({ connection, user, openedAt, expiresAt }: SocketInfo): Connection {
  const end = expiresAt === undefined ? {} : { expiresAt: epochMs(expiresAt) };
  return { id: connection, user, openedAt: epochMs(openedAt), ...end };
}
