// Faults in how many sockets a user has, and in how they end.
import { type Mutant, one } from './mutant.ts';

export const SOCKET_MUTANTS: readonly Mutant[] = [
  one(
    'sockets-newest-goes',
    'of too many sockets the newest is closed',
    'src/cell/users/connections.ts',
    'all.sort((a, b) => a.openedAt - b.openedAt)',
    'all.sort((a, b) => b.openedAt - a.openedAt)',
  ),
  one(
    'sockets-one-too-many',
    'one socket more than the policy says stays open',
    'src/cell/users/connections.ts',
    'all.length - socketsMax)',
    'all.length - socketsMax - 1)',
  ),
  one(
    'sockets-uncounted',
    'a connection that comes to a cell is counted without those that are there',
    'src/cell/users/connections.ts',
    'const all = [...of(state, connection.user).filter(({ id }) => id !== connection.id), connection];',
    'const all = [connection];',
  ),
  one(
    'token-outlived',
    'nothing wakes the cell for the end of a token that it has warned about',
    'src/cell/users/connections.ts',
    'warned === true ? expiresAt : expiresAt - WARNED_MS',
    'warned === true ? due : expiresAt - WARNED_MS',
  ),
];
