// D1 that cannot be asked, or answers with an error, is away: to callers a reason to come again, to the log a line with the cause. Any other
// error of a store is a bug of ours, and stays what it is.
import { MapAwayError } from './map-cache.ts';

/** The same store; what D1 makes its methods reject with comes as MapAwayError, with the cause. */
export function awayWhenFailing<Store extends object>(store: Store): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        try {
          return await (Reflect.apply(method, target, args) as Promise<unknown>);
        } catch (error) {
          throw isOfD1(error) ? new MapAwayError(error) : error;
        }
      };
    },
  });
}

/** D1 names its own errors; what it was given in a shape that it cannot take is a bug of the caller. */
function isOfD1(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof MapAwayError) return false;
  if (/^D1_(?!TYPE)/.test(error.message)) return true;
  // The platform's word that the call itself did not get through.
  const { retryable, remote } = error as Error & { readonly retryable?: unknown; readonly remote?: unknown };
  return retryable === true || remote === true || /network connection|disconnected|timed? ?out/i.test(error.message);
}
