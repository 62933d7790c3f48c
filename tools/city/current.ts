// A city as it is now, and changes of it that take nothing back that somebody else has done meanwhile.
import { ApiError } from '../support/http.ts';
import { type CityService, cityPath } from './service.ts';

export type CurrentCity = {
  readonly name: string;
  readonly boundary: unknown;
  readonly precision: number;
  readonly locationHint: string;
  /** What it overrides. */
  readonly policy: unknown;
  readonly version: number;
  readonly state: string;
  readonly removedAt?: string;
};

/** Others may change the city between our reading and our writing. */
const TRIES_MAX = 10;

/** @throws ApiError `unknown_city` where there never was one. */
export async function readCity(service: CityService, id: string): Promise<CurrentCity> {
  return (await service.call(cityPath(id))).body as CurrentCity;
}

/** `undefined` where there is none, or none any more. */
export async function currentCity(service: CityService, id: string): Promise<CurrentCity | undefined> {
  try {
    const city = await readCity(service, id);
    return city.state === 'removed' ? undefined : city;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'unknown_city') return undefined;
    throw error;
  }
}

/** Writes on what was read, and reads again when the city is another one by then. */
export async function onCurrent<Seen, Done>(
  read: () => Promise<Seen>,
  write: (seen: Seen) => Promise<Done>,
): Promise<Done> {
  for (let tries = 1; ; tries++) {
    const seen = await read();
    try {
      return await write(seen);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'changed_meanwhile' || tries >= TRIES_MAX) throw error;
    }
  }
}
