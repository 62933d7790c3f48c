// Wires the router and the stores of one isolate from the bindings, once.
import type { Env } from '../env.ts';
import { epochMs } from '../lib/brand.ts';
import type { CityStore } from '../store/city-store.ts';
import type { LoadStore } from '../store/load-store.ts';
import { d1CityStore } from '../store/sql/d1-city-store.ts';
import { d1LoadStore } from '../store/sql/d1-load-store.ts';
import { Coverage } from './coverage.ts';
import { MapCache } from './map-cache.ts';
import { type CellStub, type Objects, Router, type UserStub } from './router.ts';
import { awayWhenFailing } from './store-errors.ts';
import { Verbs } from './verbs.ts';

export type Services = {
  readonly router: Router;
  readonly verbs: Verbs;
  readonly store: CityStore;
  readonly loads: LoadStore;
  /** Whether cells split by themselves in cities that do not say so. */
  readonly splitsByItself: boolean;
  /** Whether somebody tells us of the disk. */
  readonly watchesDisk: boolean;
};

const made = new WeakMap<object, Services>();

/** The services of this isolate: all requests and objects in it share one cache of the map. */
export function servicesOf(env: Env): Services {
  // Each object has an `env` of its own, the bindings' names apart: the database stands for the deployment.
  const known = made.get(env.DB);
  if (known !== undefined) return known;
  const now = () => epochMs(Date.now());
  const store = awayWhenFailing(d1CityStore(env.DB, { now, op: () => crypto.randomUUID() }));
  const router = new Router({
    cells: objects<CellStub>(env.CELLS),
    users: objects<UserStub>(env.USERS),
    store,
    map: new MapCache(store, now),
    coverage: new Coverage(store, now),
    random: () => Math.random(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const services = {
    router,
    verbs: new Verbs(router, idSecretsOf(env)),
    store,
    loads: awayWhenFailing(d1LoadStore(env.DB)),
    splitsByItself: env.AUTO_SPLIT !== 'no',
    watchesDisk: env.DISK_WATCHED === 'yes',
  };
  made.set(env.DB, services);
  return services;
}

/** Today's first. @throws Error for one that could be guessed. */
function idSecretsOf({ ID_SECRET, ID_SECRET_PREVIOUS, JWT_SECRET }: Env): readonly string[] {
  for (const [name, secret] of Object.entries({ ID_SECRET, ID_SECRET_PREVIOUS })) {
    if (secret !== undefined && secret.length < SECRET_LENGTH_MIN) {
      throw new Error(`${name} is shorter than ${SECRET_LENGTH_MIN} characters`);
    }
  }
  const today = ID_SECRET ?? JWT_SECRET;
  return ID_SECRET_PREVIOUS === undefined ? [today] : [today, ID_SECRET_PREVIOUS];
}

const SECRET_LENGTH_MIN = 32;

function objects<Stub>(namespace: DurableObjectNamespace): Objects<Stub> {
  return {
    get: (name, locationHint) => {
      const options = locationHint === undefined ? {} : { locationHint: locationHint as DurableObjectLocationHint };
      // The stub's methods are those of the class behind the binding, which the bindings' types do not name.
      return namespace.get(namespace.idFromName(name), options) as unknown as Stub;
    },
  };
}
