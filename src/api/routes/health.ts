// /health: for load balancers and people in a hurry. It touches nothing, so it says that the edge answers, and no more.
import { done, type Route, route } from '../route.ts';

export const healthRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/health',
    summary: 'Whether the edge answers',
    scopes: 'open',
    status: 200,
    handle: () => done({ status: 'ok', service: 'vicinal' }),
  }),
];
