// A call that waits for events: answered by one, or when its time is up.

/**
 * @param waitMs 0: it does not wait
 * @param ask makes the call, and says by which token it is known
 * @param over tells the core that the call has waited long enough
 */
export async function longPoll<Reply>(
  waitMs: number,
  ask: (heard: (token: number) => void) => Promise<Reply>,
  over: (token: number) => void,
): Promise<Reply> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const reply = ask((token) => {
    if (waitMs > 0) timer = setTimeout(() => over(token), waitMs);
  });
  // A timer that is still pending keeps the object from sleeping.
  return reply.finally(() => clearTimeout(timer ?? null));
}
