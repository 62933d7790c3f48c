// Which column of a trace is what: by the names that files commonly use, or as the user says.
import { UsageError } from '../support/args.ts';

export type TraceKind = 'presence' | 'questions';

const IDS = [
  'id',
  'caseid',
  'requestid',
  'servicerequestid',
  'servicerequestnumber',
  'uniquekey',
  'incidentid',
  'rideid',
  'tripid',
];
const USERS = [
  'user',
  'userid',
  'vehicle',
  'vehicleid',
  'driver',
  'driverid',
  'taxiid',
  'deviceid',
  'bus',
  'busid',
  'cab',
];

/** As `plain` writes them; the first that a file has is taken. */
const KNOWN = {
  presence: [...USERS, ...IDS],
  questions: [...IDS, ...USERS],
  ts: [
    ...['ts', 'time', 'timestamp', 'datetime', 'opened', 'createdat', 'created', 'createddate', 'requesteddatetime'],
    ...['requestdatetime', 'startedat', 'starttime', 'pickupdatetime', 'date'],
  ],
  lat: ['lat', 'latitude', 'startlat', 'startlatitude', 'startstationlatitude', 'pickuplatitude'],
  lon: [
    'lon',
    'lng',
    'long',
    'longitude',
    'startlon',
    'startlng',
    'startlongitude',
    'startstationlongitude',
    'pickuplongitude',
  ],
  kind: ['kind', 'topic', 'category', 'servicename', 'complainttype', 'requesttype', 'type'],
  q: ['q'],
} as const;

/** What `--columns` names, and by what else it may be called there. */
const ROLES = {
  user: 'user',
  id: 'id',
  ts: 'ts',
  lat: 'lat',
  lon: 'lon',
  lng: 'lon',
  kind: 'kind',
  topic: 'kind',
  q: 'q',
} as const;
type Role = (typeof ROLES)[keyof typeof ROLES];
export type NamedColumns = ReadonlyMap<Role, string>;

export type Columns = {
  readonly who: number;
  readonly ts: number;
  readonly lat: number;
  readonly lng: number;
  readonly topic: number | undefined;
  readonly quality: number | undefined;
};

/** `id=CaseID,ts=Opened,lat=Lat,lon=Long,kind=Category` for both files: a name counts where a file has it. Throws UsageError. */
export function namedColumns(text: string | undefined): NamedColumns {
  const named = new Map<Role, string>();
  for (const part of text?.split(',') ?? []) {
    const [, role, column] = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(part) ?? [];
    if (role === undefined || column === undefined || !Object.hasOwn(ROLES, role)) {
      throw new UsageError(
        `--columns takes NAME=COLUMN, separated by commas, of ${Object.keys(ROLES).join(', ')}, not "${part}"`,
      );
    }
    named.set(ROLES[role as keyof typeof ROLES], column);
  }
  return named;
}

/** Throws UsageError for a named column that none of the headers has. */
export function checkNamed(named: NamedColumns, headers: readonly (readonly string[])[]): void {
  for (const [role, column] of named) {
    if (headers.some((header) => indexOf(header, column) !== undefined)) continue;
    const has = headers.map((header) => header.join(', ')).join('; and ');
    throw new UsageError(`--columns ${role}=${column}: neither file has a column ${column}; they have ${has}`);
  }
}

/** Throws naming the column that is needed and missing, and those that there are. */
export function columnsOf(path: string, header: readonly string[], kind: TraceKind, named: NamedColumns): Columns {
  const names = header.map(plain);
  const find = (role: Role, known: readonly string[]): number | undefined => {
    const column = named.get(role);
    const at = column === undefined ? undefined : indexOf(header, column);
    return at ?? known.map((name) => names.indexOf(name)).find((index) => index >= 0);
  };
  const need = (role: Role, known: readonly string[]): number => {
    const at = find(role, known);
    if (at !== undefined) return at;
    const some = known.slice(0, 3).join(' or ');
    throw new Error(
      `${path} has no column ${some}; it has ${header.join(', ')}: say which one it is with --columns ${role}=NAME`,
    );
  };
  const own = kind === 'presence' ? 'user' : 'id';
  const other = kind === 'presence' ? 'id' : 'user';
  const ownColumn = named.get(own);
  const isNamed = ownColumn !== undefined && indexOf(header, ownColumn) !== undefined;
  return {
    who: isNamed ? need(own, []) : (find(other, []) ?? need(own, KNOWN[kind])),
    ts: need('ts', KNOWN.ts),
    lat: need('lat', KNOWN.lat),
    lng: need('lon', KNOWN.lon),
    topic: find('kind', KNOWN.kind),
    quality: find('q', KNOWN.q),
  };
}

/** Exactly as it is written there, else without regard to case and punctuation. */
function indexOf(header: readonly string[], column: string): number | undefined {
  const exact = header.indexOf(column);
  const at = exact >= 0 ? exact : header.map(plain).indexOf(plain(column));
  return at >= 0 ? at : undefined;
}

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
