// A request to an object's core that may wait for events: answered by one, or when its time is up.
import type { Shell } from './durable.ts';

type Waits<Event> = {
  /** 0: it does not wait. */
  readonly waitMs: number;
  readonly request: (token: number) => Event;
  /** Tells the core that the request has waited long enough. */
  readonly over: (token: number) => Event;
};

export async function askPatiently<Reply, Event>(
  shell: Shell<Event>,
  { waitMs, request, over }: Waits<Event>,
): Promise<Reply> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const reply = shell.ask<Reply>((token) => {
    if (waitMs > 0) timer = setTimeout(() => shell.run(over(token)), waitMs);
    return request(token);
  });
  // A timer that is still pending keeps the object from sleeping.
  return reply.finally(() => clearTimeout(timer ?? null));
}
