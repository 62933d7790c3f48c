// What to say to somebody who is outside every city: which is the nearest. The list of cities is read now and then, not each time.
import { nearestCity } from '../city/nearest.ts';
import type { Point } from '../geo/point.ts';
import type { EpochMs } from '../lib/brand.ts';
import { type Problem, problem } from '../protocol/problems.ts';
import type { City, CityStore } from '../store/city-store.ts';

/** A name for people who are far away anyway need not be of this very moment. */
export const CITIES_TTL_MS = 10_000;

export class Coverage {
  readonly #store: Pick<CityStore, 'cities'>;
  readonly #now: () => EpochMs;
  #read: { readonly cities: readonly City[]; readonly staleAt: number } | undefined;

  constructor(store: Pick<CityStore, 'cities'>, now: () => EpochMs) {
    this.#store = store;
    this.#now = now;
  }

  /** The next one asks anew. */
  forget(): void {
    this.#read = undefined;
  }

  /** `out_of_coverage`, naming the nearest city. */
  async problem(point: Point): Promise<Problem> {
    const found = nearestCity(point, await this.#cities());
    if (found === undefined) return problem('out_of_coverage', 'no city has been rolled out yet');
    const { id, name, centroid } = found.city;
    const distanceM = Math.round(found.distanceM / 1000) * 1000;
    const more = { nearestCity: { id, name, ...centroid, distanceM } };
    return { ...problem('out_of_coverage', `the nearest city is ${name}, about ${distanceM / 1000} km away`), more };
  }

  async #cities(): Promise<readonly City[]> {
    if (this.#read === undefined || this.#read.staleAt <= this.#now()) {
      const all = await this.#store.cities();
      const cities = all.filter(({ state, cells }) => state === 'live' && cells > 0);
      this.#read = { cities, staleAt: this.#now() + CITIES_TTL_MS };
    }
    return this.#read.cities;
  }
}
