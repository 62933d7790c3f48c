// What a user says of themselves.

export type Profile = {
  readonly topics: readonly string[];
  readonly languages: readonly string[];
  readonly capacity: number;
};
