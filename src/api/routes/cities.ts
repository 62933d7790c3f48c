// /v1/ops/cities: rolling cities out.
import type * as v from 'valibot';
import { CITY_BYTES_MAX, planCity } from '../../city/plan.ts';
import { keepCity, removeCity } from '../../cron/removal.ts';
import type { Services } from '../../edge/services.ts';
import { epochMs } from '../../lib/brand.ts';
import { badPolicy, contradictionsOf, resolvePolicy, splitByHand } from '../../matching/policy.ts';
import { isCityId } from '../../protocol/ids.ts';
import { isProblem, type Problem, problem } from '../../protocol/problems.ts';
import { cityQuerySchema, citySchema } from '../../protocol/wire.ts';
import type { AuditEntry, City, Rollout } from '../../store/city-store.ts';
import { done, type Outcome, type Route, route } from '../route.ts';

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
    query: cityQuerySchema,
    handle: ({ services, params: { id = '' }, body, query, identity }) => {
      const rollout = rolloutOf(services, id, body);
      if ('t' in rollout) return rollout;
      if (query.dryRun === true) return preview(services, { ...rollout, actor: identity.name });
      return rollOut(services, { ...rollout, actor: identity.name, ifVersion: query.ifVersion });
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/ops/cities/:id',
    summary: 'Remove a city: it takes nothing new, and goes when its questions have ended',
    scopes: ['ops'],
    status: 200,
    handle: async ({ services: { store, router }, params: { id = '' }, identity }) => {
      if (!isCityId(id)) return problem('unknown_city');
      const now = () => epochMs(Date.now());
      const view = await removeCity({ store, router, now }, id, identity.name);
      if (isProblem(view)) return view;
      return view.state === 'removed' ? done(view) : { ...done(view), status: 202 };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/ops/cities/:id/keep',
    summary: 'Keep a city that is being removed: it takes new questions again',
    scopes: ['ops'],
    status: 200,
    handle: async ({ services: { store, router }, params: { id = '' }, identity }) => {
      if (!isCityId(id)) return problem('unknown_city');
      const kept = await keepCity({ store }, id, identity.name);
      router.mapChanged();
      return isProblem(kept) ? kept : done(viewOf(kept));
    },
  }),
];

/** Checked in full. Problems: `bad_policy`, `bad_field`, `bad_boundary`, `too_many_cells`. */
function rolloutOf(
  { splitsByItself }: Services,
  id: string,
  body: v.InferOutput<typeof citySchema>,
): Omit<Rollout, 'actor'> | Problem {
  const { name, boundary, precision, locationHint, policy: asked = {} } = body;
  const policyPatch = splitsByItself ? asked : splitByHand(asked);
  const policy = resolvePolicy(policyPatch);
  if (!policy.ok) return badPolicy(policy.error);
  const plan = planCity({ id, name, boundary, precision, locationHint });
  if (!plan.ok) return plan.error;
  const contradictions = contradictionsOf(policy.value, plan.value.precision);
  if (contradictions.length > 0) return badPolicy(contradictions);
  return { plan: plan.value, boundary: JSON.stringify(boundary), policyPatch, policy: policy.value };
}

async function preview({ store }: Services, rollout: Rollout): Promise<Outcome> {
  const { plan } = rollout;
  const before = await store.city(plan.id, { primary: true });
  const { warnings, id, name, precision, locationHint } = plan;
  const would = await store.preview(rollout);
  if (!would.ok) return would.error;
  const city = {
    id,
    name,
    precision,
    locationHint,
    ...plan.centroid,
    version: before === undefined || before.state === 'removed' ? 0 : before.version,
  };
  return done({ dryRun: true, ...city, planned: plan.cells.length, ...would.value, warnings });
}

async function rollOut({ store, router }: Services, rollout: Rollout): Promise<Outcome> {
  const result = await store.rollOut(rollout);
  router.mapChanged();
  if (!result.ok) return result.error;
  const { city, ...what } = result.value;
  return done({ ...viewOf(city), ...what, warnings: rollout.plan.warnings });
}

/** The name of the operation stays inside. */
function entryOf({ at, actor, action, detail: { op: _, ...what } }: AuditEntry): Readonly<Record<string, unknown>> {
  return { ...what, at: new Date(at).toISOString(), actor, action };
}

function viewOf(city: City): Readonly<Record<string, unknown>> {
  const { id, name, precision, policyPatch, policy, locationHint, centroid, cells, version, state, removedAt } = city;
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
    state,
    ...(removedAt === undefined ? {} : { removedAt: new Date(removedAt).toISOString() }),
    createdAt: new Date(city.createdAt).toISOString(),
    updatedAt: new Date(city.updatedAt).toISOString(),
  };
}
