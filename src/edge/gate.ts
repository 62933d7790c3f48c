// A call through the gate before its cell, over promises.
import type { Gate } from '../engine/gate.ts';
import type { CellRequest } from '../messages/calls.ts';
import type { Problem } from '../protocol/problems.ts';

/** Makes the call, or answers `busy` at once. @throws whatever the call throws. */
export async function pass<T>(
  gate: Gate,
  cell: string,
  kind: CellRequest['t'],
  call: () => Promise<T>,
): Promise<T | Problem> {
  const leave = gate.enter(cell, kind);
  if (typeof leave !== 'function') return leave;
  try {
    return await call();
  } finally {
    leave();
  }
}
