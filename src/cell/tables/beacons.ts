// Beacons: dormant questions of other cells that want to hear of arrivals here.
import type { EpochMs } from '../../lib/brand.ts';
import { versioned } from '../../lib/versioned.ts';
import type { Need } from '../../messages/need.ts';
import type { QuestionId } from '../../protocol/ids.ts';
import { type Agendas, dueKey, watch } from './indexes.ts';

const VERSION = 1;

export type Beacon = { readonly need: Need; readonly until: EpochMs };

export const encodeBeacon = (beacon: Beacon): string => JSON.stringify({ v: VERSION, ...beacon });
export const decodeBeacon = (text: string): Beacon => versioned<Beacon>(VERSION, 'beacons', text);

export const dueBeacon = (beacon: Beacon): EpochMs => beacon.until;

export function watchBeacon(state: Agendas, id: QuestionId, beacon: Beacon | undefined): void {
  watch(state, dueKey('beacon', id), beacon && dueBeacon(beacon), true);
}
