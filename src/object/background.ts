// Calls of an object for which nobody waits: few at once, and after those of users that this isolate has on their way.

export type BackgroundDeps = {
  /** Calls of users that are on their way from here. */
  readonly usersWaiting: () => number;
  readonly sleep: (ms: number) => Promise<void>;
};

/** The platform allows six connections at once for each request. */
export const AT_ONCE = 6;
/** A cell's tries by time send at most 64 at once. */
export const WAITING_MAX = 256;
/** With more than so many calls of users on their way they go first, but nothing waits for ever. */
export const USERS_FIRST_FROM = 4;
const LOOKS_EVERY_MS = 25;
const LOOKS_MAX = 20;

export class Background {
  readonly #deps: BackgroundDeps;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(deps: BackgroundDeps) {
    this.#deps = deps;
  }

  /** Makes the call when it is its turn. @throws Error when too many wait already: it is repeated later, as one that failed. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#running < AT_ONCE) this.#running++;
    else {
      if (this.#waiting.length >= WAITING_MAX) throw new Error('too many calls wait here already');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      await this.#usersFirst();
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #usersFirst(): Promise<void> {
    const { usersWaiting, sleep } = this.#deps;
    for (let looks = 0; looks < LOOKS_MAX && usersWaiting() >= USERS_FIRST_FROM; looks++) await sleep(LOOKS_EVERY_MS);
  }
}
