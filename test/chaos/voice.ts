// The two ways to be a client: over a WebSocket that comes back by itself, or over HTTP alone with long polls.
import { VicinalClient } from '../../src/client/client.ts';
import type { Connection } from '../../src/client/connection.ts';
import type { ClientPoint, ClientProfile } from '../../src/client/pings.ts';
import type { Platform } from '../../src/client/platform.ts';
import type { UserEvent } from '../../src/protocol/views.ts';

/** The verbs that both ways have. */
export type Verbs = Pick<Connection, 'ask' | 'cancel' | 'accept' | 'decline' | 'answer'>;

export type Voice = {
  readonly verbs: () => Verbs;
  readonly moveTo: (point: ClientPoint) => void;
  /** As an app that ends and starts again: another session, and the inbox from where it was. */
  readonly restart: () => void;
  readonly close: () => void;
};

export type VoiceOptions = {
  readonly url: string;
  readonly token: string;
  readonly platform: Platform;
  readonly point: ClientPoint;
  readonly profile: ClientProfile;
  readonly onEvent: (event: UserEvent) => void;
  /** Whether to acknowledge what was handled; asked each time. HTTP only: a connection always does. */
  readonly acknowledges: (unread: number) => boolean;
};

const POLL_S = 5;
const PAUSE_MS = 300;
/** Whoever waits longer for their connection starts the app again, so that short lives of the service are used too. */
const PATIENCE_MS = 1500;
/** The caller repeats what has no answer, faster than the client would. */
const ONCE = { retriesMax: 0 } as const;
/** Half of the lease at most, so that nobody's ends unless the service does not listen. */
const KEEP_ALIVE_MS = 5000;

export function socketVoice(options: VoiceOptions): Voice {
  const { url, token, platform, profile, onEvent } = options;
  const client = new VicinalClient({ url, token, ...platform });
  let point = options.point;
  let impatience: ReturnType<typeof setTimeout> | undefined;
  const open = (after: number): Connection =>
    client.connect({
      ...profile,
      point,
      after,
      onEvent,
      keepAliveMs: KEEP_ALIVE_MS,
      eager: true,
      onState: (state) => {
        if (state === 'open' || state === 'closed') {
          clearTimeout(impatience);
          impatience = undefined;
        } else impatience ??= setTimeout(restart, PATIENCE_MS);
      },
    });
  const restart = (): void => {
    const { seq } = connection;
    connection.close();
    connection = open(seq);
  };
  let connection = open(0);
  return {
    verbs: () => connection,
    moveTo: (next) => {
      point = next;
      connection.setPoint(next).catch(() => {});
    },
    restart,
    close: () => connection.close(),
  };
}

export function httpVoice(options: VoiceOptions): Voice {
  const { url, token, platform, profile, onEvent, acknowledges } = options;
  const stop = new AbortController();
  const { signal } = stop;
  const newClient = (): VicinalClient => new VicinalClient({ url, token, ...platform });
  let client = newClient();
  let point = options.point;
  let seq = 0;
  let wake = (): void => {};

  const present = async (): Promise<void> => {
    while (!signal.aborted) {
      const moved = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await client.presence({ ...point, ...profile }, { ...ONCE, signal }).catch(() => pause(PAUSE_MS));
      await Promise.race([moved, pause(KEEP_ALIVE_MS)]);
    }
  };
  let acknowledged = 0;
  const listen = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const { items } = await client.events({ after: seq, waitS: POLL_S, ...ONCE, signal });
        for (const event of items) {
          if (event.seq <= seq || signal.aborted) continue;
          seq = event.seq;
          onEvent(event);
        }
        if (items.length > 0 && acknowledges(seq - acknowledged)) {
          await client.acknowledge(seq, { ...ONCE, signal });
          acknowledged = seq;
        }
      } catch {
        await pause(PAUSE_MS);
      }
    }
  };
  void present();
  void listen();
  return {
    verbs: () => ({
      ask: (question) => client.ask(question, ONCE),
      cancel: (id) => client.cancel(id, ONCE),
      accept: (id) => client.accept(id, ONCE),
      decline: (id) => client.decline(id, ONCE),
      answer: (id, text) => client.answer(id, text, ONCE),
    }),
    moveTo: (next) => {
      point = next;
      wake();
    },
    restart: () => {
      client = newClient();
    },
    close: () => {
      stop.abort();
      wake();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
