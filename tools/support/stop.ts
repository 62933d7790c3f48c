// Ctrl-C and its kin, for a command that must end what it started, or say how things stand, before it leaves.

/** The exit code of a command that was stopped. */
export const STOPPED_CODE = 130;

/** The user did not want to wait any longer: the command exits 130 with this message. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/**
 * Settles at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. For whoever has something to end in order: a
 * reader that goes away (`npm run demo | head`) comes here as SIGTERM, by way of `runCommand`.
 */
export function stopAsked(): Promise<'stop'> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(STOPPED_CODE);
      asked = true;
      resolve('stop');
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  });
}

/** Aborted, with a StoppedError that says `words`, when the user stops this process. */
export function stopSignal(words = 'stopped: nothing is half done, and the same command goes on'): AbortSignal {
  const stop = new AbortController();
  void stopAsked().then(() => stop.abort(new StoppedError(words)));
  return stop.signal;
}
