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
// A user's list never changes in place: a new profile brings a new list.
const known = new WeakMap<readonly string[], readonly string[]>();

function keysOf(topics: readonly string[]): readonly string[] {
  const keys = known.get(topics);
  if (keys !== undefined) return keys;
  const made = topics.map(folded);
  known.set(topics, made);
  return made;
}
