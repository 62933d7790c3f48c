// /health: for load balancers and people in a hurry. It touches nothing, so it says that the edge answers, and no more.
import { diskProblem } from '../../edge/disk.ts';
import { done, type Route, route } from '../route.ts';

export const healthRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/health',
    summary: 'Whether the edge answers',
    scopes: 'open',
    status: 200,
    handle: () => {
      const full = diskProblem(Date.now());
      const state =
        full === undefined ? { status: 'ok' } : { status: 'degraded', reason: full.code, detail: full.detail };
      return done({ ...state, service: 'vicinal' });
    },
  }),
];
