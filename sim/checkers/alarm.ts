// ALARM1: outside its handler an alarm is only ever moved earlier, unless its time is past. TIME1: an object's time never falls
// behind what it has written to its journal, in this life or an earlier one.
import { recordsIn } from '../recorded.ts';
import type { MakeChecker } from './checker.ts';

export const alarmChecker: MakeChecker = ({ report }) => {
  /** By this life of the object: an alarm that fired before a crash is gone from the disk unseen. */
  const armed = new Map<string, { readonly life: number; readonly at: number }>();
  const stored = new Map<string, number>();
  return {
    lost: (node) => {
      armed.delete(node.id);
      stored.delete(node.id);
    },
    committed: (node, { alarmAt, rows }, event) => {
      const now = node.state?.clock ?? 0;
      // What an object finds on its disk may be the guard of a handler that was refused.
      if (event.t === 'boot') armed.set(node.id, { life: node.life, at: event.armedAt ?? 0 });
      const known = armed.get(node.id);
      const before = known?.life === node.life ? known.at : undefined;
      if (alarmAt !== undefined) {
        const moved = before !== undefined && before > now && (alarmAt ?? Number.POSITIVE_INFINITY) > before;
        if (moved && event.t !== 'alarm' && event.t !== 'boot') {
          report('ALARM1', `${node.id} moved its alarm from ${before} to ${alarmAt}`);
        }
        armed.set(node.id, { life: node.life, at: alarmAt ?? 0 });
      } else if (event.t === 'alarm') {
        armed.delete(node.id);
      }
      const written = stored.get(node.id) ?? 0;
      if (now < written) report('TIME1', `${node.id} wrote at ${written} and is at ${now}`);
      if (node.kind === 'cell' && recordsIn(rows).some(({ at }) => at === now))
        stored.set(node.id, Math.max(written, now));
    },
  };
};
