// Chance as the core is given it, with each event, as it is given the time: a number in [0, 1) that nobody outside can foretell.
export type Chance = () => number;
