// The city of the demo: San Francisco, drawn by hand with a few points, and places where people like to be.
import type { Point } from '../../src/geo/point.ts';

export const DEMO_CITY = { id: 'sf', name: 'San Francisco' } as const;

/** A GeoJSON polygon, longitude first. */
export const DEMO_BOUNDARY = {
  type: 'Polygon',
  coordinates: [
    [
      [-122.515, 37.781],
      [-122.508, 37.735],
      [-122.503, 37.708],
      [-122.394, 37.708],
      [-122.379, 37.722],
      [-122.359, 37.729],
      [-122.37, 37.742],
      [-122.382, 37.754],
      [-122.384, 37.775],
      [-122.385, 37.797],
      [-122.405, 37.811],
      [-122.447, 37.809],
      [-122.477, 37.811],
      [-122.486, 37.791],
      [-122.515, 37.781],
    ],
  ],
} as const;

export type Place = Point & { readonly name: string };

export const DEMO_PLACES: readonly Place[] = [
  { name: 'the Ferry Building', lat: 37.7948, lng: -122.3955 },
  { name: 'Chinatown', lat: 37.7941, lng: -122.4078 },
  { name: 'Civic Center', lat: 37.7793, lng: -122.4192 },
  { name: 'the Mission', lat: 37.7599, lng: -122.4192 },
  { name: 'the Castro', lat: 37.762, lng: -122.435 },
  { name: 'the Haight', lat: 37.7692, lng: -122.4481 },
  { name: 'the Marina', lat: 37.8005, lng: -122.4369 },
  { name: 'the Richmond', lat: 37.7805, lng: -122.478 },
  { name: 'the Sunset', lat: 37.7538, lng: -122.4936 },
  { name: 'Potrero Hill', lat: 37.7605, lng: -122.4009 },
  { name: 'Bernal Heights', lat: 37.7389, lng: -122.4152 },
  { name: 'the Excelsior', lat: 37.7245, lng: -122.43 },
  { name: 'the Bayview', lat: 37.7299, lng: -122.391 },
  { name: 'Lakeside', lat: 37.7255, lng: -122.4755 },
];
