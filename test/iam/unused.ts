/**
 * Grants that the exercise does not use, each with the reason why it stands all the same. Whoever adds one says what
 * would go wrong in an account without it, and why that cannot be shown here.
 */
export interface Unused {
  /** Beginning of the logical id of the role. */
  holder: string;
  action: string;
  reason: string;
}

export const UNUSED: readonly Unused[] = [];
