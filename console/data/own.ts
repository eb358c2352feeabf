import type { Answer } from '#contract/api/index.ts';

export type Own = Answer<'passkeys/list'>;

/** Whether password and authenticator let their owner in, now or when a lock has passed. */
export const secretsWork = ({ factors }: Own): boolean =>
  (['password', 'totp'] as const).every((kind) =>
    factors.some((factor) => factor.kind === kind && factor.state !== 'disabled'),
  );
