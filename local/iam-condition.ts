/** Conditions of policy statements. An operator or key that is not here is refused when the policy is read, not passed over. */
import { arnPattern, textPattern } from './iam-pattern.ts';

/** What is known of a call, by key in lower case. A key that is absent has no value. */
export type CallContext = Readonly<Record<string, readonly string[]>>;

export interface Condition {
  /** The keys and values that it names hold in this context. */
  holds(context: CallContext): boolean;
}

/** Does one value of the call fit one value of the policy? */
type Fits = (given: string, wanted: string) => boolean;
const like: Fits = (given, wanted) => textPattern(wanted).matches(given);
const arnLike: Fits = (given, wanted) => arnPattern(wanted).matches(given);
const sameText: Fits = (given, wanted) => given === wanted;
const sameLetters: Fits = (given, wanted) => given.toLowerCase() === wanted.toLowerCase();

const OPERATORS: Record<string, { fits: Fits; negated?: boolean }> = {
  StringEquals: { fits: sameText },
  StringNotEquals: { fits: sameText, negated: true },
  StringEqualsIgnoreCase: { fits: sameLetters },
  StringLike: { fits: like },
  StringNotLike: { fits: like, negated: true },
  ArnEquals: { fits: arnLike },
  ArnLike: { fits: arnLike },
  ArnNotEquals: { fits: arnLike, negated: true },
  ArnNotLike: { fits: arnLike, negated: true },
  Bool: { fits: sameLetters },
};

/** What the local world can say of a call. */
const KEYS = new Set([
  'ses:fromaddress', 'iam:passedtoservice', 'aws:principalaccount', 'aws:principalarn', 'aws:securetransport', 'aws:sourceaccount', 'aws:sourcearn', 's3:prefix',
]); // prettier-ignore

const NAME = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/;

/**
 * @param operator such as `StringEquals`, `ForAnyValue:ArnLike`, `BoolIfExists`, `Null`.
 * @throws when the local world cannot tell whether it would hold.
 */
export function readCondition(operator: string, key: string, values: string[]): Condition {
  const known = key.toLowerCase();
  if (!KEYS.has(known)) throw new Error(`condition key ${key}: not known to the local world`);
  if (values.some((value) => value.includes('${')))
    throw new Error(`condition on ${key}: the local world does not resolve policy variables`);
  if (operator === 'Null') {
    const absent = values.includes('true');
    return { holds: (context) => (context[known] === undefined) === absent };
  }
  const [, quantifier, name = '', ifExists] = NAME.exec(operator) ?? [];
  const found = OPERATORS[name];
  if (found === undefined) throw new Error(`condition operator ${operator}: not known to the local world`);
  const { fits, negated = false } = found;
  const one = (given: string): boolean => values.some((wanted) => fits(given, wanted)) !== negated;
  return {
    holds(context) {
      const given = context[known] ?? [];
      if (given.length === 0) return ifExists !== undefined || quantifier === 'ForAllValues' || (negated && quantifier === undefined); // prettier-ignore
      return quantifier === 'ForAnyValue' ? given.some(one) : given.every(one);
    },
  };
}
