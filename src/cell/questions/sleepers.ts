// Questions that want to hear of arrivals (of this cell, and beacons of others), in groups of identical needs: an arrival is
// held against each group once, however many questions slumber in it.
import { topicKey } from '../../matching/topics.ts';
import type { Need } from '../../messages/need.ts';
import type { QuestionId } from '../../protocol/ids.ts';

export type Group = {
  readonly key: string;
  /** Any member's need: alike but for id, asker and excluded. */
  readonly sample: Need;
  readonly ids: Set<QuestionId>;
};

export type Sleepers = {
  readonly add: (need: Need) => void;
  readonly delete: (id: QuestionId) => void;
  readonly has: (id: QuestionId) => boolean;
  readonly groups: () => Iterable<Group>;
  readonly size: () => number;
};

export function sleepers(): Sleepers {
  const groups = new Map<string, Group>();
  const groupOf = new Map<QuestionId, Group>();
  const remove = (id: QuestionId): void => {
    const group = groupOf.get(id);
    if (group === undefined) return;
    group.ids.delete(id);
    groupOf.delete(id);
    if (group.ids.size === 0) groups.delete(group.key);
  };
  return {
    add: (need) => {
      const key = groupKey(need);
      const old = groupOf.get(need.questionId);
      if (old?.key === key) return;
      remove(need.questionId);
      const group = groups.get(key) ?? { key, sample: need, ids: new Set<QuestionId>() };
      groups.set(key, group);
      group.ids.add(need.questionId);
      groupOf.set(need.questionId, group);
    },
    delete: remove,
    has: (id) => groupOf.has(id),
    groups: () => groups.values(),
    size: () => groupOf.size,
  };
}

/** The same for needs that differ in id, asker and excluded alone. */
export function groupKey(need: Need): string {
  return `${need.point.lat},${need.point.lng},${need.radiusM},${need.topic === undefined ? '' : topicKey(need.topic)},${need.languages.join('+')}`;
}
