// Bytes on a connection, for requests that no HTTP library would send.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is done one after the other: bytes are written, `end` and `reset` close, a number waits as many milliseconds. */
export type Act = string | Uint8Array | number | { readonly close: 'end' | 'reset' };

/** All that came back until the other side closed, or until `waitMs` after the last act. */
export function exchange(url: string, acts: readonly Act[], waitMs = 2000): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let said = '';
    const settle = (): void => {
      socket.destroy();
      resolve(said);
    };
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
    });
    socket.on('end', settle);
    socket.on('close', settle);
    socket.on('error', settle);
    void (async () => {
      for (const act of acts) {
        if (socket.destroyed) return;
        if (typeof act === 'number') await sleep(act);
        else if (typeof act === 'string' || act instanceof Uint8Array) socket.write(act);
        else if (act.close === 'end') socket.end();
        else socket.resetAndDestroy();
      }
      await sleep(waitMs);
      settle();
    })();
  });
}

export const statusIn = (said: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(said)?.[1] ?? 0);
export const codeIn = (said: string): string | undefined => /"code":"(\w+)"/.exec(said)?.[1];
