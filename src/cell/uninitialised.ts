// A cell that has never been told of its row of the map, or has lost it with its storage: it keeps account of who is connected, sends
// away whoever was held, and asks whoever calls for the row.
import { arm } from '../engine/alarm.ts';
import type { Effects } from '../engine/effects.ts';
import { count } from './backpressure/meter.ts';
import { restoreSockets } from './boot.ts';
import type { AnyCell } from './state.ts';
import type { CellEvent } from './step.ts';
import { nextAlarm } from './tables/indexes.ts';
import { disconnected, noteConnection, renewed } from './users/connections.ts';
import { socketLost } from './users/sockets.ts';
import type { Step } from './workspace.ts';

export function whileUninitialised(step: Step<AnyCell>, event: CellEvent): Effects {
  const { state, effects, now } = step;
  switch (event.t) {
    case 'boot':
      restoreSockets(step, event.attachments, event.armedAt);
      break;
    case 'socket_open':
      state.sockets.set(event.user, { session: event.session, outside: 0 });
      break;
    case 'socket_lost':
      socketLost(step, event.user);
      break;
    case 'connected':
      for (const connection of event.connections) noteConnection(state, connection);
      break;
    case 'disconnected':
      disconnected(step, event.user, event.id);
      break;
    case 'renewed':
      renewed(step, event.user, event.id, event.expiresAt);
      break;
    // Nothing is due, and nothing was asked.
    case 'request':
    case 'reply':
    case 'alarm':
    case 'waited':
    case 'tick':
      break;
  }
  if (event.t !== 'boot') count(state.meter, now);
  arm(state, effects, nextAlarm(state), now, event.t === 'alarm');
  return effects;
}
