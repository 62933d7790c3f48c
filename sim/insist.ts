// How a simulated client repeats what it must know the answer to.
import type { Prng } from '../src/lib/prng.ts';
import type { AnyReply } from './node.ts';
import type { World } from './world.ts';

/** Repeats an idempotent request until there is a definite answer. */
export function insistOn(
  world: World,
  draw: Prng,
  send: (heard: (reply: AnyReply) => void) => void,
  tries: number,
  done: (reply: AnyReply) => void,
): void {
  send((reply) => {
    const busyMs = busyOf(reply);
    if ((reply.t === 'failed' || busyMs > 0) && tries > 1)
      world.after(busyMs + 500 + draw.below(3000), () => insistOn(world, draw, send, tries - 1, done));
    else done(reply);
  });
}

/** How long a busy service asks to be left alone, in ms. */
export const busyOf = (reply: AnyReply): number =>
  reply.t === 'problem' && reply.code === 'busy' ? (reply.retryAfterS ?? 1) * 1000 : 0;
