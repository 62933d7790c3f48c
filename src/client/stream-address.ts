// The address of a stream: where the user is and by which profile they can be asked, so that the upgrade makes them nobody else.
import type { ClientPing } from './pings.ts';

/** @param cell that held the user last: near a border a reconnect without it might land on the other side. */
export function streamAddress(base: string, ping: ClientPing, cell: string | undefined): string {
  const { lat, lng, session, seq, topics, languages, capacity, ttlS } = ping;
  const parts: Readonly<Record<string, string | number | undefined>> = {
    // Seven places are a centimetre.
    lat: lat.toFixed(7),
    lng: lng.toFixed(7),
    session,
    seq,
    topics: listOf(topics),
    languages: listOf(languages),
    capacity,
    ttlS,
    cell,
  };
  const query = Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return `${base}?${query.join('&')}`;
}

const listOf = (items: readonly string[] | undefined): string | undefined => items?.map(encodeURIComponent).join(',');
