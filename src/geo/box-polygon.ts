// A rectangle as GeoJSON: longitude first, counter-clockwise, closed.

export type Box = readonly [west: number, south: number, east: number, north: number];
export type Position = readonly [lng: number, lat: number];

export function boxRing(...[west, south, east, north]: Box): readonly Position[] {
  return [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
}

export function boxPolygon(...box: Box) {
  return { type: 'Polygon', coordinates: [boxRing(...box)] } as const;
}
