// A small map of a city for the terminal: its cells, the people, and the questions that wait.
import type { Bounds } from '../../src/geo/bounds.ts';
import { encode, toGrid } from '../../src/geo/geohash.ts';
import type { Point } from '../../src/geo/point.ts';
import { type MultiPolygon, polygonContains } from '../../src/geo/polygon.ts';

export type Mark = Point & { readonly sign: string };

export type CityMap = {
  /** Lines of text; later marks cover earlier ones. What lies outside is left out. */
  readonly draw: (marks: readonly Mark[]) => readonly string[];
};

export type MapSize = { readonly columnsMax: number; readonly rowsMax: number };

/** @param cellLength length of the geohashes that are told apart by shades. */
export function cityMap(boundary: MultiPolygon, cellLength: number, { columnsMax, rowsMax }: MapSize): CityMap {
  const { bounds } = boundary;
  const heightDegrees = bounds.maxLat - bounds.minLat;
  const widthDegrees = (bounds.maxLng - bounds.minLng) * Math.cos((bounds.minLat * Math.PI) / 180);
  // A letter is about twice as high as it is wide.
  const slope = heightDegrees / widthDegrees / 2;
  const columns = Math.max(8, Math.floor(Math.min(columnsMax, rowsMax / slope)));
  const rows = Math.max(4, Math.floor(columns * slope));
  const ground = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => {
      const point = pointOf(bounds, (column + 0.5) / columns, (row + 0.5) / rows);
      return polygonContains(boundary, point) ? shadeOf(encode(point, cellLength)) : ' ';
    }),
  );
  return {
    draw: (marks) => {
      const picture = ground.map((line) => [...line]);
      for (const { lat, lng, sign } of marks) {
        const column = Math.floor(((lng - bounds.minLng) / (bounds.maxLng - bounds.minLng)) * columns);
        const row = Math.floor(((bounds.maxLat - lat) / heightDegrees) * rows);
        const line = picture[row];
        if (line !== undefined && column >= 0 && column < columns) line[column] = sign;
      }
      return picture.map((line) => line.join('').trimEnd());
    },
  };
}

function pointOf(bounds: Bounds, east: number, south: number): Point {
  return {
    lat: bounds.maxLat - (bounds.maxLat - bounds.minLat) * south,
    lng: bounds.minLng + (bounds.maxLng - bounds.minLng) * east,
  };
}

/** Like a chessboard, so that neighbours differ. */
function shadeOf(cell: string): string {
  const { x, y } = toGrid(cell);
  return (x + y) % 2 === 0 ? '.' : ':';
}
