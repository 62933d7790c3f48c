// D1 that cannot be asked, or answers with an error, is away: to callers a reason to come again, to the log a line with the cause.
import { MapAwayError } from './map-cache.ts';

/** The same store; whatever its methods reject with comes as MapAwayError, with the cause. */
export function awayWhenFailing<Store extends object>(store: Store): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        try {
          return await (Reflect.apply(method, target, args) as Promise<unknown>);
        } catch (error) {
          throw error instanceof MapAwayError ? error : new MapAwayError(error);
        }
      };
    },
  });
}
