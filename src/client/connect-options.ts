// What an app says of a connection, and what it hears of it.
import type { UserEvent } from '../protocol/views.ts';
import type { Calls } from './calls.ts';
import type { ClientPoint, ClientProfile } from './pings.ts';
import type { Platform } from './platform.ts';
import type { VicinalError } from './vicinal-error.ts';

export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'closed';

export type ConnectOptions = ClientProfile & {
  readonly point: ClientPoint;
  /** Minted when absent, and kept over reconnects. A new session takes the user over from the others. */
  readonly session?: string;
  /** The `seq` of the last event that this app has handled; 0 for none. */
  readonly after?: number;
  /**
   * Each event once, in order; acknowledged when it returns. When it throws, the same event comes again after a pause, five times at most;
   * after a final refusal of the service (such as `offer_gone`) it does not. `onError` hears of each.
   */
  readonly onEvent?: (event: UserEvent) => void | Promise<void>;
  readonly onState?: (state: ConnectionState) => void;
  /** What went wrong and is tried again; just before the state becomes `closed`, what cannot be. */
  readonly onError?: (error: VicinalError) => void;
  /** The present point is sent again this long after the last, or when the service asks for it, whichever is later. */
  readonly keepAliveMs?: number;
  /** Points go as they come, whatever interval the service asks for: for replays and tests. */
  readonly eager?: boolean;
  /** A silent connection is asked whether it lives after so long, and is lost after as long again; 4 s. 0: never asked. */
  readonly heartbeatMs?: number;
};

export type ConnectionDeps = {
  readonly client: Calls;
  readonly platform: Platform;
  readonly streamUrl: string;
  readonly token: () => Promise<string>;
  readonly forgetToken: () => void;
  readonly renewable: boolean;
};

/** `polling`: events come by HTTP, as no socket gets through. */
export type ConnectionTransport = 'socket' | 'polling';
