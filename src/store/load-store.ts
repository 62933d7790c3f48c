// What the cells last said they carry: each tells it seldom, ops reads it in one go.
import type { EpochMs } from '../lib/brand.ts';
import type { CityId } from '../protocol/ids.ts';
import type { CellLoad } from '../protocol/records.ts';
import type { CityLoad, ToldLoad } from '../protocol/status.ts';

export interface LoadStore {
  tell(load: CellLoad, at: EpochMs): Promise<void>;
  /** Told since then, the hottest first; of one city, or of all. */
  hottest(since: EpochMs, limit: number, city?: CityId): Promise<readonly ToldLoad[]>;
  cities(since: EpochMs, city?: CityId): Promise<readonly CityLoad[]>;
  /** Forgets what was told before. */
  prune(before: EpochMs): Promise<void>;
}
