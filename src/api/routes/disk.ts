// /v1/ops/disk: whoever started the service on a machine tells it whether its disk has room (decision 0061).
import { noteDisk } from '../../edge/disk.ts';
import { problem } from '../../protocol/problems.ts';
import { diskSchema } from '../../protocol/wire.ts';
import { done, type Route, route } from '../route.ts';

export const diskRoutes: readonly Route[] = [
  route({
    method: 'PUT',
    path: '/v1/ops/disk',
    summary: 'Say whether the disk of this service has room; told by whoever watches it',
    scopes: ['ops'],
    status: 200,
    body: diskSchema,
    // Else a full disk could never be said to be free again.
    writes: false,
    handle: ({ services, body }) => {
      // Of many isolates on the platform one would hear it.
      if (!services.watchesDisk) return problem('not_found', 'nobody watches a disk here');
      noteDisk(body, Date.now());
      return done(body);
    },
  }),
];
