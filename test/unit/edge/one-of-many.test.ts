// Lists and removals ask many objects: one that fails is named in its place, a map that cannot be read ends them all.
import { describe, expect, it } from 'vitest';
import { type RemovalDeps, removeCity } from '../../../src/cron/removal.ts';
import { MapAwayError } from '../../../src/edge/map-cache.ts';
import type { Router } from '../../../src/edge/router.ts';
import { Verbs } from '../../../src/edge/verbs.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import type { CityId } from '../../../src/protocol/ids.ts';
import { ana, CELL, qid } from '../support/names.ts';

const AWAY = new MapAwayError(new Error('D1_ERROR: away'));
const BROKEN = new Error('broken');

describe('KEEP3 of many objects that are asked one fails', () => {
  const questions = (error: Error) => {
    const router = {
      callUser: async () => ({ t: 'questions', ids: [qid(1), qid(2)] }),
      callHome: async (_: unknown, { id }: { readonly id: string }) => {
        if (id === qid(1)) throw error;
        return { t: 'question', view: { id } };
      },
    };
    return new Verbs(router as unknown as Router, []).questions({ user: ana, anybody: false });
  };
  const removal = (error: Error) => {
    const city = { state: 'draining', version: 3 };
    const deps = {
      store: {
        city: async () => city,
        undrained: async () => [CELL],
        setDrained: async () => undefined,
        remove: async () => false,
        removal: async () => ({ city, cells: 1, drained: 0 }),
      },
      router: { tellCell: () => Promise.reject(error) },
      now: () => epochMs(0),
    };
    return removeCity(deps as unknown as RemovalDeps, 'sf' as CityId, 'ops');
  };

  it('and is named; the others are there', async () => {
    expect(await questions(BROKEN)).toEqual({
      items: [{ id: qid(2) }],
      unavailable: [{ id: qid(1), code: 'unreadable' }],
    });
    expect(await removal(BROKEN)).toMatchObject({ state: 'draining', unreadable: [CELL] });
  });

  it('as the map cannot be read: that is said, and no object is blamed', async () => {
    await expect(questions(AWAY)).rejects.toBe(AWAY);
    await expect(removal(AWAY)).rejects.toBe(AWAY);
  });
});
