// Ctrl-C and SIGTERM as a signal for whoever waits, so that a command can say how things stand before it ends.

/** The exit code of a command that was stopped. */
export const STOPPED_CODE = 130;

/** The user did not want to wait any longer: the command exits 130 with this message. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** Aborted, with a StoppedError, when the user stops this process. A second Ctrl-C ends it at once. */
export function stopSignal(words = 'stopped: nothing is half done, and the same command goes on'): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stop.abort(new StoppedError(words)));
  }
  return stop.signal;
}
