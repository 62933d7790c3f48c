// Where on the platform a city's objects should live: one of Cloudflare's location hints, from a point.

import { distanceM } from '../geo/distance.ts';
import type { Point } from '../geo/point.ts';

export const LOCATION_HINTS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const;
export type LocationHint = (typeof LOCATION_HINTS)[number];

export function isLocationHint(value: unknown): value is LocationHint {
  return LOCATION_HINTS.some((hint) => hint === value);
}

/** The hint of the nearest anchor. A hint is a wish, so rough borders between regions do no harm. */
export function locationHintFor(point: Point): LocationHint {
  return nearestAnchor(point).hint;
}

/** How far the nearest of the large cities is by which hints are chosen. */
export function anchorDistanceM(point: Point): number {
  return nearestAnchor(point).awayM;
}

function nearestAnchor(point: Point): { readonly hint: LocationHint; readonly awayM: number } {
  let hint: LocationHint = 'wnam';
  let awayM = Number.POSITIVE_INFINITY;
  for (const each of LOCATION_HINTS) {
    for (const [lat, lng] of ANCHORS[each]) {
      const away = distanceM(point, { lat, lng });
      if (away < awayM) {
        awayM = away;
        hint = each;
      }
    }
  }
  return { hint, awayM };
}

// Large cities spread over each region, as [lat, lng]; on the borders closer together.
const ANCHORS: Readonly<Record<LocationHint, readonly (readonly [lat: number, lng: number])[]>> = {
  wnam: [
    [37.77, -122.42], // San Francisco
    [34.05, -118.24], // Los Angeles
    [47.61, -122.33], // Seattle
    [61.22, -149.9], // Anchorage
    [53.55, -113.49], // Edmonton
    [39.74, -104.99], // Denver
    [33.45, -112.07], // Phoenix
    [25.69, -108.99], // Sinaloa
    [21.31, -157.86], // Honolulu
  ],
  enam: [
    [40.71, -74.01], // New York
    [45.5, -73.57], // Montreal
    [47.56, -52.71], // St. John's
    [41.88, -87.63], // Chicago
    [49.9, -97.14], // Winnipeg
    [33.75, -84.39], // Atlanta
    [25.76, -80.19], // Miami
    [32.78, -96.8], // Dallas
    [25.69, -100.32], // Monterrey
    [19.43, -99.13], // Mexico City
    [14.63, -90.51], // Guatemala
    [18.47, -69.9], // Santo Domingo
    [64.18, -51.72], // Nuuk
  ],
  sam: [
    [-23.55, -46.63], // São Paulo
    [-34.6, -58.38], // Buenos Aires
    [-33.45, -70.67], // Santiago
    [-12.05, -77.04], // Lima
    [4.71, -74.07], // Bogotá
    [10.48, -66.9], // Caracas
    [8.98, -79.52], // Panama
    [-8.05, -34.9], // Recife
    [-3.1, -60.02], // Manaus
    [-54.8, -68.3], // Ushuaia
  ],
  weur: [
    [51.51, -0.13], // London
    [48.86, 2.35], // Paris
    [40.42, -3.7], // Madrid
    [38.72, -9.14], // Lisbon
    [41.9, 12.5], // Rome
    [50.11, 8.68], // Frankfurt
    [52.52, 13.4], // Berlin
    [59.91, 10.75], // Oslo
    [59.33, 18.07], // Stockholm
    [69.65, 18.96], // Tromsø
    [64.15, -21.94], // Reykjavik
  ],
  eeur: [
    [52.23, 21.01], // Warsaw
    [48.21, 16.37], // Vienna
    [44.43, 26.1], // Bucharest
    [60.17, 24.94], // Helsinki
    [50.45, 30.52], // Kyiv
    [55.76, 37.62], // Moscow
    [41.01, 28.98], // Istanbul
    [37.98, 23.73], // Athens
    [56.84, 60.6], // Yekaterinburg
    [39.93, 32.86], // Ankara
  ],
  apac: [
    [35.68, 139.69], // Tokyo
    [37.57, 126.98], // Seoul
    [39.9, 116.4], // Beijing
    [22.32, 114.17], // Hong Kong
    [1.35, 103.82], // Singapore
    [-6.21, 106.85], // Jakarta
    [14.6, 120.98], // Manila
    [19.08, 72.88], // Mumbai
    [28.61, 77.21], // Delhi
    [13.08, 80.27], // Chennai
    [24.86, 67.0], // Karachi
    [43.24, 76.89], // Almaty
    [55.03, 82.92], // Novosibirsk
    [43.12, 131.89], // Vladivostok
    [53.02, 158.65], // Petropavlovsk-Kamchatsky
  ],
  oc: [
    [-33.87, 151.21], // Sydney
    [-37.81, 144.96], // Melbourne
    [-31.95, 115.86], // Perth
    [-12.46, 130.84], // Darwin
    [-36.85, 174.76], // Auckland
    [-18.12, 178.45], // Suva
    [-9.44, 147.18], // Port Moresby
    [-17.54, -149.57], // Papeete
  ],
  afr: [
    [30.04, 31.24], // Cairo
    [36.75, 3.06], // Algiers
    [33.57, -7.59], // Casablanca
    [14.72, -17.47], // Dakar
    [6.52, 3.38], // Lagos
    [-1.29, 36.82], // Nairobi
    [9.03, 38.74], // Addis Ababa
    [-26.2, 28.05], // Johannesburg
    [-33.92, 18.42], // Cape Town
    [-4.44, 15.27], // Kinshasa
    [-18.88, 47.51], // Antananarivo
  ],
  me: [
    [25.2, 55.27], // Dubai
    [24.71, 46.68], // Riyadh
    [21.49, 39.19], // Jeddah
    [15.37, 44.19], // Sana'a
    [31.95, 35.93], // Amman
    [32.09, 34.78], // Tel Aviv
    [33.31, 44.37], // Baghdad
    [35.69, 51.39], // Tehran
  ],
};
