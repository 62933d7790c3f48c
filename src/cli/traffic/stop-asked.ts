// Ctrl-C and its kin, as a promise: a command that started a service must end it and clean up before it leaves.

/** Settles at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
export function stopAsked(): Promise<'stop'> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(130);
      asked = true;
      resolve('stop');
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
    // A reader that goes away (`npm run demo | head`) ends the show.
    process.stdout.on('error', stop);
  });
}
