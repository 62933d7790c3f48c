// Nominal types: a geohash, a user id and a time are all primitives, and must not be mixed up.
declare const brand: unique symbol;

/** `T` that only a named constructor or a checked parser may produce. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Milliseconds since 1970 UTC on the clock of the object that stores it; never sent between objects. */
export type EpochMs = Brand<number, 'EpochMs'>;

export const epochMs = (ms: number): EpochMs => ms as EpochMs;
export const plusMs = (at: EpochMs, ms: number): EpochMs => (at + ms) as EpochMs;
