// People who only ask: a few users who are nowhere themselves, and who wait for what becomes of their questions.
import type { NewQuestion } from '../../src/client/calls.ts';
import type { VicinalClient } from '../../src/client/client.ts';
import { codeOf } from './person.ts';
import type { Stats } from './stats.ts';

export type Asker = { readonly ask: (question: NewQuestion) => Promise<void>; readonly stop: () => void };

const WAIT_S = 20;
const RETRY_MS = 1000;

/** Events come by long-polling, the way of clients without sockets. */
export function asker(client: VicinalClient, stats: Stats, nowMs: () => number): Asker {
  const stop = new AbortController();
  void listen(client, stats, stop.signal);
  return {
    ask: async (question) => {
      const startedMs = nowMs();
      try {
        stats.asked(await client.ask(question, { signal: stop.signal }), startedMs);
      } catch (error) {
        if (!stop.signal.aborted) stats.failed(codeOf(error));
      }
    },
    stop: () => stop.abort(),
  };
}

async function listen(client: VicinalClient, stats: Stats, signal: AbortSignal): Promise<void> {
  for (let after = 0; !signal.aborted; ) {
    try {
      const { items } = await client.events({ after, waitS: WAIT_S, signal });
      for (const event of items) {
        if (event.seq <= after) continue;
        after = event.seq;
        stats.told(event);
      }
      if (items.length > 0) await client.acknowledge(after, { signal });
    } catch (error) {
      if (signal.aborted) return;
      stats.failed(codeOf(error));
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
