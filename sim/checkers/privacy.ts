// PRIV1: whatever is stored or shown knows only points of the privacy grid, and what the asker sees of an answerer is no place at all.

import type { Resident } from '../../src/cell/tables/users.ts';
import type { Point } from '../../src/geo/point.ts';
import { snap } from '../../src/geo/snap.ts';
import { NOWHERE } from '../../src/messages/records.ts';
import type { UserId } from '../../src/protocol/ids.ts';
import type { UserEvent } from '../../src/protocol/views.ts';
import { recordWrites } from '../record-writes.ts';
import type { MakeChecker } from './checker.ts';

export const privacyChecker: MakeChecker = ({ world, report }) => {
  const grid = world.map.policy.gridLength;
  const writesOf = recordWrites();
  const looked = new WeakSet<UserEvent>();
  const isOff = (point: Point): boolean => {
    const on = snap(point, grid);
    return on.lat !== point.lat || on.lng !== point.lng;
  };
  return {
    committed: (node, { rows }) => {
      if (node.state === undefined) return;
      for (const { table, key } of rows) {
        if (node.kind === 'cell') {
          const resident = table === 'users' ? node.state.users.get(key as UserId) : undefined;
          if (resident !== undefined && !isNowhere(resident) && isOff(resident.point))
            report('PRIV1', `${resident.user} is stored off the grid`);
        }
      }
      for (const { user, inbox } of writesOf(node, rows))
        for (const event of inbox.events.values()) {
          if (looked.has(event)) continue;
          looked.add(event);
          const { data, type, seq } = event;
          if (isOff('question' in data ? data.question : data))
            report('PRIV1', `event ${seq} of ${user} shows a point off the grid`);
          if ('question' in data && 'distanceM' in data)
            report('PRIV1', `${type} tells the asker how far the answerer is`);
        }
    },
  };
};

/** Whose lease has ended may be nowhere, and can be asked nothing. */
const isNowhere = ({ phase, point }: Resident): boolean =>
  phase !== 'live' && point.lat === NOWHERE.lat && point.lng === NOWHERE.lng;
