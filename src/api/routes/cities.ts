// /v1/ops/cities: rolling cities out.
import { planCity } from '../../city/plan.ts';
import { resolvePolicy } from '../../matching/policy.ts';
import type { Services } from '../../object/services.ts';
import { isCityId } from '../../protocol/ids.ts';
import { problem } from '../../protocol/problems.ts';
import { citySchema } from '../../protocol/wire.ts';
import type { AuditEntry, City, Rollout } from '../../store/city-store.ts';
import { done, type Outcome, type Route, route } from '../route.ts';

/** Published boundaries are larger than other bodies (New York's boroughs: 1.6 MB); a value in D1 holds 2 MB. */
export const CITY_BYTES_MAX = 1_900_000;

/** Changes of a city are seldom: these reach back for months. */
const AUDIT_ENTRIES_MAX = 100;

export const cityRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/v1/ops/cities',
    summary: 'The cities',
    scopes: ['ops'],
    status: 200,
    handle: async ({ services }) => done({ items: (await services.store.cities({ primary: true })).map(viewOf) }),
  }),
  route({
    method: 'GET',
    path: '/v1/ops/cities/:id',
    summary: 'One city, with its boundary and its latest changes',
    scopes: ['ops'],
    status: 200,
    handle: async ({ services, params: { id = '' } }) => {
      const city = isCityId(id) ? await services.store.city(id, { primary: true }) : undefined;
      if (city === undefined) return problem('unknown_city');
      const audit = (await services.store.audit(city.id, AUDIT_ENTRIES_MAX)).map(entryOf);
      return done({ ...viewOf(city), boundary: JSON.parse(city.boundary) as unknown, audit });
    },
  }),
  route({
    method: 'PUT',
    path: '/v1/ops/cities/:id',
    summary: 'Roll a city out, or change it',
    scopes: ['ops'],
    status: 200,
    body: citySchema,
    bodyBytesMax: CITY_BYTES_MAX,
    handle: async ({ services, params: { id = '' }, body, identity }) => {
      const { name, boundary, precision, locationHint, policy: policyPatch = {} } = body;
      const policy = resolvePolicy(policyPatch);
      if (!policy.ok) return { ...problem('bad_policy'), errors: policy.error };
      const plan = planCity({ id, name, boundary, precision, locationHint });
      if (!plan.ok) return plan.error;
      if (policy.value.gridLength < plan.value.precision) {
        const message = `must be at least the precision, ${plan.value.precision}: a cell is not smaller than the grid`;
        return {
          ...problem('bad_policy', `policy.gridLength ${message}`),
          errors: [{ field: 'policy.gridLength', message }],
        };
      }
      const text = JSON.stringify(boundary);
      return rollOut(services, {
        plan: plan.value,
        boundary: text,
        policyPatch,
        policy: policy.value,
        actor: identity.sub,
      });
    },
  }),
];

async function rollOut({ store }: Services, rollout: Rollout): Promise<Outcome> {
  const result = await store.rollOut(rollout);
  if (!result.ok) return result.error;
  const { city, added, kept, overlaps, changed } = result.value;
  return done({ ...viewOf(city), added, kept, overlaps, changed });
}

/** The name of the operation stays inside. */
function entryOf({ at, actor, action, detail: { op: _, ...what } }: AuditEntry): Readonly<Record<string, unknown>> {
  return { ...what, at: new Date(at).toISOString(), actor, action };
}

function viewOf(city: City): Readonly<Record<string, unknown>> {
  const { id, name, precision, policyPatch, policy, locationHint, centroid, cells, version } = city;
  return {
    id,
    name,
    precision,
    locationHint,
    ...centroid,
    cells,
    version,
    policy: policyPatch,
    policyInEffect: policy,
    createdAt: new Date(city.createdAt).toISOString(),
    updatedAt: new Date(city.updatedAt).toISOString(),
  };
}
