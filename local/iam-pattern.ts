/** The wildcards of IAM: `*` any run of characters, `?` one. */

export interface Pattern {
  /** As the policy says it. */
  text: string;
  matches(value: string): boolean;
}

const glob = (text: string, flags = 's'): RegExp =>
  new RegExp(
    `^${text
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    flags,
  );

/** Text with wildcards, as `StringLike` has it. */
export function textPattern(text: string): Pattern {
  const whole = glob(text);
  return { text, matches: (value) => whole.test(value) };
}

/** Names of actions do not tell upper from lower case. */
export function actionPattern(text: string): Pattern {
  const whole = glob(text, 'is');
  return { text, matches: (value) => whole.test(value) };
}

/** An ARN's six parts; the last one keeps its own colons. */
function parts(arn: string): string[] {
  const all = arn.split(':');
  return all.length <= 6 ? all : [...all.slice(0, 5), all.slice(5).join(':')];
}

/** A wildcard matches within its part of the ARN only; `*` alone is every resource. */
export function arnPattern(text: string): Pattern {
  const wanted = parts(text).map((part) => glob(part));
  return {
    text,
    matches(arn) {
      if (text === '*') return true;
      const given = parts(arn);
      return given.length === wanted.length && wanted.every((part, i) => part.test(given[i] ?? ''));
    },
  };
}
