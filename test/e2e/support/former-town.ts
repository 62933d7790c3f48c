// The city of the data directories that older releases made. HERE and APART lie in two cells of it.
export const BOX = [-122.455, 37.77, -122.37, 37.805] as const;
export const HERE = { lat: 37.785, lng: -122.4 };
export const APART = { lat: 37.785, lng: -122.44 };

/** Nothing happens by itself while nobody looks: who rests, is offered something or sleeps does so for long. */
export const POLICY = {
  cooldownMs: 0,
  pointAgeMaxMs: 86_400_000,
  radiusStepsM: [1000],
  radiusDefaultM: 1000,
  offers: { ttlMs: 3_600_000, spare: 0 },
  backOff: { firstMs: 3_600_000, factor: 10, maxMs: 21_600_000 },
  presence: { ttlMaxMs: 86_400_000 },
};
