// What the cells last said they carry: each tells it seldom, ops reads it in one go.
import type { EpochMs } from '../lib/brand.ts';
import type { CityId } from '../protocol/ids.ts';
import type { CellLoad, CityLoad, ToldLoad } from '../protocol/status.ts';

export interface LoadStore {
  tell(load: CellLoad, at: EpochMs): Promise<void>;
  /** Told since then by those that are leaves still, the hottest first; of one city, or of all. */
  hottest(since: EpochMs, limit: number, city?: CityId): Promise<readonly ToldLoad[]>;
  /** The sums over the same; a city of which nobody has told anything is left out. */
  cities(since: EpochMs, city?: CityId): Promise<readonly CityLoad[]>;
  /** Forgets what was told before. */
  prune(before: EpochMs): Promise<void>;
}
