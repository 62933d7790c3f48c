// All routes of the public interface.
import type { Route } from '../route.ts';
import { cellRoutes } from './cells.ts';
import { cityRoutes } from './cities.ts';
import { diskRoutes } from './disk.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { offerRoutes } from './offers.ts';
import { presenceRoutes } from './presence.ts';
import { questionRoutes } from './questions.ts';
import { statusRoutes } from './status.ts';
import { streamRoutes } from './stream.ts';

export const ROUTES: readonly Route[] = [
  ...presenceRoutes,
  ...questionRoutes,
  ...offerRoutes,
  ...eventRoutes,
  ...streamRoutes,
  ...cityRoutes,
  ...cellRoutes,
  ...statusRoutes,
  ...diskRoutes,
  ...healthRoutes,
];
