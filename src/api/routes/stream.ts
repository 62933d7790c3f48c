// /v1/stream: the WebSocket. The edge checks and places it; from then on it belongs to the cell that holds the user.

import { randomToken } from '../../edge/digest.ts';
import { timeOf } from '../../edge/token.ts';
import { type Place, profileOf } from '../../edge/verbs.ts';
import type { SocketGreeting } from '../../messages/greeting.ts';
import { SOCKET_HEADER } from '../../messages/greeting.ts';
import { SUBPROTOCOL } from '../../protocol/frames.ts';
import type { CellId } from '../../protocol/ids.ts';
import { isProblem, type Problem, problem } from '../../protocol/problems.ts';
import { type StreamQuery, streamQuerySchema } from '../../protocol/wire.ts';
import { subprotocolsOf } from '../middleware/auth.ts';
import { originProblem } from '../middleware/cors.ts';
import { type Call, type Route, route } from '../route.ts';

export const streamRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/stream',
    summary: 'WebSocket: the verbs and the events as frames',
    scopes: ['user', 'service'],
    status: 101,
    // A cell that takes somebody in writes it down.
    writes: true,
    query: streamQuerySchema,
    handle: async (call) => {
      const { request, origins, services, trace } = call;
      const refused =
        handshakeProblem(request.headers) ??
        originProblem(request, origins) ??
        endedProblem(call.identity.exp, Date.now());
      if (refused !== undefined) return refused;
      const seat = await seatOf(call);
      if (isProblem(seat)) return seat;
      const upgrade = (): Request => upgradeOf(request.headers, greetingOf(call, seat));
      return services.router.connect(seat, call.caller.user, upgrade, trace);
    },
  }),
];

type Seat = {
  readonly cell: CellId;
  readonly key?: string;
  readonly city: Place['city'];
  readonly point: Place['point'] | null;
};

function handshakeProblem(headers: Headers): Problem | undefined {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return problem('upgrade_required');
  const offered = subprotocolsOf(headers);
  // A browser drops a connection for which none of its subprotocols was chosen.
  if (offered.length > 0 && !offered.includes(SUBPROTOCOL)) {
    return problem('bad_header', `Sec-WebSocket-Protocol must offer ${SUBPROTOCOL}`);
  }
  return undefined;
}

/** The leeway for clocks is for calls: a socket lives on, and would end at once. */
function endedProblem(exp: number | undefined, now: number): Problem | undefined {
  return exp !== undefined && exp * 1000 <= now ? problem('token_expired') : undefined;
}

/** The cell for the point, or, without one, where the user is present. */
async function seatOf({ query, verbs, caller, services }: Call<unknown, StreamQuery>): Promise<Seat | Problem> {
  const { lat, lng, cell } = query;
  if (lat !== undefined && lng !== undefined) return verbs.place({ lat, lng }, cell);
  const goesWithPoint = (['lat', 'lng', 'topics', 'languages', 'capacity', 'ttlS', 'seq'] as const).find(
    (field) => query[field] !== undefined,
  );
  if (goesWithPoint !== undefined) {
    const field = lat === undefined ? 'lat' : 'lng';
    const message =
      goesWithPoint === 'lat' || goesWithPoint === 'lng' ? 'is required' : `is required with ${goesWithPoint}`;
    return { ...problem('bad_query', `${field} ${message}`), errors: [{ field, message }] };
  }
  const where = await services.router.callUser(caller.user, { t: 'where', user: caller.user }, caller.trace);
  if (isProblem(where)) return where;
  // One that is not a leaf any more keeps its people until they have been claimed.
  const leaf = where.cell === null ? undefined : await services.router.everLeaf(where.cell);
  return leaf === undefined ? problem('no_presence') : { ...leaf, point: null };
}

function greetingOf({ caller, identity, query, trace }: Call<unknown, StreamQuery>, seat: Seat): SocketGreeting {
  const { lat, lng } = query;
  return {
    user: caller.user,
    scope: identity.scope,
    subject: identity.user,
    ...(identity.exp === undefined ? {} : { expiresAt: timeOf(identity.exp) }),
    point: seat.point,
    ...(lat === undefined || lng === undefined ? {} : { at: { lat, lng } }),
    session: query.session ?? randomToken(),
    profile: profileOf(query),
    ...(query.ttlS === undefined ? {} : { ttlMs: Math.round(query.ttlS * 1000) }),
    ...(query.seq === undefined ? {} : { seq: query.seq }),
    trace,
    gridLength: seat.city.policy.gridLength,
    city: seat.city.id,
  };
}

/** The handshake as the cell sees it: without the token, and without whatever the client claimed to know. */
function upgradeOf(given: Headers, greeting: SocketGreeting): Request {
  const headers = new Headers();
  for (const name of [
    'upgrade',
    'connection',
    'sec-websocket-key',
    'sec-websocket-version',
    'sec-websocket-extensions',
  ]) {
    const value = given.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (subprotocolsOf(given).includes(SUBPROTOCOL)) headers.set('sec-websocket-protocol', SUBPROTOCOL);
  headers.set(SOCKET_HEADER, asciiJson(greeting));
  return new Request('https://cell/v1/stream', { headers });
}

/** A header takes no other characters; JSON reads the escapes back. */
function asciiJson(value: unknown): string {
  const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, escaped);
}
