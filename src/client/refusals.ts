// What failures of a connection add up to: when there is no point in trying again, when sockets are given up for a while, how long to wait.
import { retryAfterMs } from './back-off.ts';
import type { VicinalError } from './vicinal-error.ts';

/** Sockets that did not open in a row, while calls did get through, until events are polled. */
const UNOPENED_MAX = 3;
/** Tokens refused in a row, each asked for anew, until there is no point in asking. */
const TOKENS_MAX = 3;
/** Nothing that this app does makes these go away. */
const FATAL: ReadonlySet<string> = new Set([
  'forbidden_scope',
  'token_claims',
  'token_subject',
  'token_scope',
  'token_algorithm',
  'erased',
  // The app has opened too many: to come again would close another of them.
  'too_many_sockets',
]);

export class Refusals {
  readonly #tokensMax: number;
  #tokens = 0;
  #unopened = 0;
  #busyUntil = 0;
  #noSocketUntil = 0;

  /** @param renewable whether another token can be had. */
  constructor(renewable: boolean) {
    this.#tokensMax = renewable ? TOKENS_MAX : 1;
  }

  /** A busy service wants no connection before then. */
  get busyUntil(): number {
    return this.#busyUntil;
  }

  get noSocketUntil(): number {
    return this.#noSocketUntil;
  }

  /** The token was taken; over a socket, too, when it opened. */
  taken(opened: boolean): void {
    this.#tokens = 0;
    if (opened) this.#unopened = 0;
  }

  /** Calls get through, sockets do not: a proxy in between may block them. */
  unopened(untilMs: number): void {
    this.#unopened += 1;
    if (this.#unopened >= UNOPENED_MAX) this.#noSocketUntil = untilMs;
  }

  /** Whether there is no point in trying again. */
  count(error: VicinalError, random: () => number): boolean {
    if (error.status === 401 && error.code !== 'token_not_yet_valid') this.#tokens += 1;
    if (error.retryAfterS !== undefined) this.#busyUntil = Date.now() + retryAfterMs(error.retryAfterS, random);
    return FATAL.has(error.code) || this.#tokens >= this.#tokensMax;
  }
}
