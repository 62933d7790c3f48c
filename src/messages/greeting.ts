// What the edge tells a cell of a WebSocket that it has authorised.
import type { Point } from '../geo/point.ts';
import type { CityId, UserId } from '../protocol/ids.ts';
import type { Profile } from '../protocol/profile.ts';

/** Carries what the edge knows of a socket to the cell that takes it; only the edge may set it. */
export const SOCKET_HEADER = 'x-vicinal-socket';
/** What that header says, as JSON. */
export type SocketGreeting = {
  readonly user: UserId;
  readonly scope: 'user' | 'service' | 'ops';
  /** Snapped; `null`: the client named none, and the user is present in the cell. */
  readonly point: Point | null;
  /** The same, raw: for the first ping alone, kept nowhere. */
  readonly at?: Point;
  readonly session: string;
  /** What the address says of the profile; nothing: what is known of the user stays. */
  readonly profile?: Partial<Profile>;
  readonly ttlMs?: number;
  readonly seq?: number;
  readonly trace: string;
  /** Whose token it is, and when that ends; in ms since 1970. */
  readonly subject: UserId;
  readonly expiresAt?: number;
  /** Of the city's privacy grid, for the points that will come. */
  readonly gridLength: number;
  readonly city: CityId;
};
