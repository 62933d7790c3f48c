// What was asked for and what is done instead, where a city's policy has other bounds: said, never done in silence.

export type Adjusted = {
  /** As the client named it. */
  readonly field: 'radiusM' | 'expiresInS' | 'ttlS';
  readonly asked: number;
  readonly used: number;
};

/** Nothing when it is as asked, or nobody asked. */
export function adjusted(field: Adjusted['field'], asked: number | undefined, used: number): readonly Adjusted[] {
  return asked === undefined || asked === used ? [] : [{ field, asked, used }];
}

/** As a member to spread: absent when there is nothing to say. */
export const saying = (all: readonly Adjusted[]): { readonly adjusted?: readonly Adjusted[] } =>
  all.length === 0 ? {} : { adjusted: all };
