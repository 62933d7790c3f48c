// Where the user is, told to the service: the newest point only, one at a time, with a number that rises, as often as it asks for.
import type { PresenceView } from '../protocol/views.ts';
import { retryAfterMs } from './back-off.ts';
import { VicinalError } from './vicinal-error.ts';

export type ClientPoint = { readonly lat: number; readonly lng: number; readonly accuracyM?: number };

export type ClientProfile = {
  readonly topics?: readonly string[];
  readonly languages?: readonly string[];
  readonly capacity?: number;
  readonly ttlS?: number;
};

export type ClientPing = ClientPoint & ClientProfile & { readonly session: string; readonly seq: number };

/** `superseded`: a newer point took its place before it was sent. */
export type PingOutcome = PresenceView | 'superseded';

export type Pings = {
  /** Rejects with VicinalError when the service refuses the point. */
  readonly set: (point: ClientPoint) => Promise<PingOutcome>;
  readonly setProfile: (profile: ClientProfile) => Promise<PingOutcome>;
  /** Sends the present point again. */
  readonly repeat: () => Promise<PingOutcome>;
  /** Sends go this way from now on, beginning with the newest point and the whole profile; undefined: they wait. */
  readonly attach: (send: ((ping: ClientPing) => Promise<PresenceView>) | undefined) => void;
  /** The newest point, or, when that was refused, the last that was taken; undefined if there is none. */
  readonly point: () => ClientPoint | undefined;
  /** A ping with everything that is to be known of the user. */
  readonly next: (point: ClientPoint) => ClientPing;
  /** The service will not have this point; a newer one that waits is not concerned. */
  readonly refuse: (point: ClientPoint, error: VicinalError) => void;
  readonly close: () => void;
};

type Waiter = { readonly resolve: (outcome: PingOutcome) => void; readonly reject: (error: VicinalError) => void };
/** In a `hurry`: what has changed is more than the point. */
type Wanted = { readonly point: ClientPoint; readonly waiters: Waiter[]; readonly hurry: boolean };

export type PingOptions = {
  /** Takes the refusal of a point that nobody waits for: the first one, and repetitions. */
  readonly onUnheard: (error: VicinalError) => void;
  readonly random: () => number;
  /** Points go as they come, whatever interval the service asks for; when it is busy they wait all the same. */
  readonly eager?: boolean;
};

export function pings(
  session: string,
  first: ClientPoint,
  firstProfile: ClientProfile,
  { onUnheard, random, eager = false }: PingOptions,
): Pings {
  let profile = firstProfile;
  let profileSent = false;
  let seq = 0;
  let wanted: Wanted | undefined = { point: first, waiters: [], hurry: false };
  let good: ClientPoint | undefined;
  let send: ((ping: ClientPing) => Promise<PresenceView>) | undefined;
  let flying: Wanted | undefined;
  let doomed: VicinalError | undefined;
  let closed = false;
  /** Before then the service wants no point of this socket, or nothing at all. */
  let pacedUntil = 0;
  let busyUntil = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const next = (point: ClientPoint): ClientPing => {
    seq += 1;
    return { ...point, ...profile, session, seq };
  };

  const fly = async (): Promise<void> => {
    const via = send;
    if (via === undefined || flying !== undefined || wanted === undefined || closed) return;
    const ping = wanted;
    const waitMs = Math.max(busyUntil, ping.hurry ? 0 : pacedUntil) - Date.now();
    clearTimeout(timer);
    if (waitMs > 0) {
      timer = setTimeout(() => void fly(), waitMs);
      return;
    }
    wanted = undefined;
    flying = ping;
    const withProfile = !profileSent;
    profileSent = true;
    seq += 1;
    try {
      const view = await via({ ...ping.point, ...(withProfile ? profile : {}), session, seq });
      good = ping.point;
      // A service that does not say leaves it to the app.
      if (!eager && via === send) pacedUntil = Date.now() + (view.pingEveryS ?? 0) * 1000;
      settle(ping, view);
    } catch (error) {
      profileSent = profileSent && !withProfile;
      failed(ping, doomed ?? error, via);
    } finally {
      flying = undefined;
      doomed = undefined;
    }
    void fly();
  };

  /** A refusal is final for that point; after any other failure it, or a newer one, is sent again. */
  const failed = (ping: Wanted, error: unknown, via: typeof send): void => {
    // A newer ping of this session was faster, from the socket before or at the cell after: the newest point is sent again.
    const isOvertaken = error instanceof VicinalError && error.code === 'stale_ping';
    if (error instanceof VicinalError && !error.transient && error.code !== 'closed' && !isOvertaken) {
      refused(ping, error);
      return;
    }
    if (wanted === undefined && !closed) wanted = ping;
    else settle(ping, 'superseded');
    if (via !== send) return;
    // Without an answer the socket is of no use, and its owner attaches the next one; a busy service is asked again.
    if (!(error instanceof VicinalError) || error.status === 0) send = undefined;
    else busyUntil = Date.now() + retryAfterMs(error.retryAfterS ?? 1, random);
  };

  const refused = (ping: Wanted, error: VicinalError): void => {
    for (const waiter of ping.waiters) waiter.reject(error);
    if (ping.waiters.length === 0) onUnheard(error);
  };

  const put = (point: ClientPoint, hurry = false): Promise<PingOutcome> => {
    if (closed) return Promise.reject(new VicinalError({ code: 'closed', status: 0 }));
    return new Promise((resolve, reject) => {
      const before = wanted;
      wanted = { point, waiters: [{ resolve, reject }], hurry: hurry || before?.hurry === true };
      if (before !== undefined) settle(before, 'superseded');
      void fly();
    });
  };

  const point = (): ClientPoint | undefined => (wanted ?? flying)?.point ?? good;

  return {
    set: (point) => put(point),
    setProfile: (changed) => {
      profile = { ...profile, ...changed };
      profileSent = false;
      return put(point() ?? first, true);
    },
    repeat: () => put(point() ?? first),
    attach: (via) => {
      send = via;
      if (via === undefined) return;
      profileSent = false;
      pacedUntil = 0;
      if (wanted === undefined && flying === undefined && good !== undefined)
        wanted = { point: good, waiters: [], hurry: false };
      void fly();
    },
    point,
    next,
    refuse: (point, error) => {
      // One that is still on its way comes back with its own failure, in a moment.
      if (flying?.point === point) doomed = error;
      else if (wanted?.point === point) {
        const given = wanted;
        wanted = undefined;
        refused(given, error);
      } else onUnheard(error);
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
      const error = new VicinalError({ code: 'closed', status: 0 });
      for (const waiter of wanted?.waiters ?? []) waiter.reject(error);
      wanted = undefined;
    },
  };
}

function settle(ping: Wanted, outcome: PingOutcome): void {
  for (const waiter of ping.waiters) waiter.resolve(outcome);
}

/** The words of a profile among other options. */
export function profileOf({ topics, languages, capacity, ttlS }: ClientProfile): ClientProfile {
  return {
    ...(topics === undefined ? {} : { topics }),
    ...(languages === undefined ? {} : { languages }),
    ...(capacity === undefined ? {} : { capacity }),
    ...(ttlS === undefined ? {} : { ttlS }),
  };
}
