// Who is ticked off when a city goes: only those who have said so. With D1 and real cells: test/worker/api-removal.test.ts.
import { describe, expect, it } from 'vitest';
import { type RemovalDeps, removeCity, removeOn } from '../../../src/cron/removal.ts';
import { epochMs } from '../../../src/lib/brand.ts';
import type { CellId, CityId } from '../../../src/protocol/ids.ts';
import { problem } from '../../../src/protocol/problems.ts';
import type { City } from '../../../src/store/city-store.ts';

type Gone = City & { readonly boundary: string };

const ID = 'town' as CityId;
const [A, B, C] = ['9q8yya', '9q8yyb', '9q8yyc'] as [CellId, CellId, CellId];

/** A city that has gone, whose cells answer as told; what is noted of whom. */
function going(answers: Readonly<Record<string, () => Promise<unknown>>>) {
  const noted: { readonly told: CellId[][] } = { told: [] };
  const gone = { id: ID, state: 'removed', version: 7, removedAt: epochMs(0), boundary: '' } as unknown as Gone;
  const store: Partial<RemovalDeps['store']> = {
    city: async () => gone,
    leaving: async () => [ID],
    untold: async () => [A, B, C],
    setTold: async (_, cells) => void noted.told.push([...cells]),
  };
  const router: Partial<RemovalDeps['router']> = {
    callCell: (async ({ cell }: { readonly cell: CellId }) => answers[cell]?.()) as never,
  };
  const deps = { store, router, now: () => epochMs(0) } as unknown as RemovalDeps;
  return { deps, noted };
}

const answers = {
  [A]: async () => ({ t: 'done' }),
  [B]: async () => {
    throw new Error('away');
  },
  [C]: async () => problem('unknown_cell'),
};

describe('GONE1 the word that a city has gone', () => {
  it('is ticked off for cells that heard it, or never lived; whoever was not reached hears it the next time', async () => {
    const { deps, noted } = going(answers);
    await removeOn(deps, (_, error) => {
      throw error;
    });
    expect(noted.told).toEqual([[A, C]]);
  });

  it('goes out again when the removal of a city that has gone is asked for once more', async () => {
    const { deps, noted } = going(answers);
    expect(await removeCity(deps, ID, 'ops')).toMatchObject({ code: 'unknown_city' });
    expect(noted.told).toEqual([[A, C]]);
  });
});
