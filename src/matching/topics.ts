// Topics are compared folded and kept as they were given: what was stored before still matches.
import { folded } from '../lib/text.ts';

/** Whether a list names a topic, however either is written. */
export function namesTopic(topics: readonly string[], topic: string): boolean {
  return keysOf(topics).includes(topicKey(topic));
}

/** The same for all ways to write one topic. */
export function topicKey(topic: string): string {
  // A search holds one question against thousands of people.
  if (topic !== last.topic) last = { topic, key: folded(topic) };
  return last.key;
}

let last = { topic: '', key: '' };

/** The folded list beside the list itself, out of sight of JSON: a search asks each of thousands, and a map of lists is slower. */
const KEYS = Symbol('folded');
type Topics = readonly string[] & { readonly [KEYS]?: readonly string[] };

function keysOf(topics: Topics): readonly string[] {
  const known = topics[KEYS];
  if (known !== undefined) return known;
  const made = topics.map(folded);
  // A user's list never changes in place: a new profile brings a new list.
  if (Object.isExtensible(topics)) Object.defineProperty(topics, KEYS, { value: made });
  return made;
}
