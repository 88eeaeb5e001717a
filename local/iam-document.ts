/** Policy documents, resolved, as statements. What would change a decision and is not played is refused by name. */
import type { Json } from '#core/json.ts';
import { readCondition } from './iam-condition.ts';
import type { Condition } from './iam-condition.ts';
import { actionPattern, arnPattern } from './iam-pattern.ts';
import type { Principal, Statement } from './iam-policy.ts';
import { isObject, Properties } from './properties.ts';

/** @throws with `where` when the document asks for what the local world does not play. */
export function readDocument(document: Json | undefined, where: string, holder: string): Statement[] {
  const raw = new Properties(where, document).raw('Statement');
  return listed(raw).map((one, i) => {
    const statement = new Properties(`${where}.Statement[${String(i)}]`, one);
    statement.refuse('NotAction', 'NotResource', 'NotPrincipal');
    const effect = statement.text('Effect');
    if (effect !== 'Allow' && effect !== 'Deny') throw new Error(`${statement.where}.Effect: expected Allow or Deny`);
    const principal = statement.raw('Principal');
    // A policy that stands at its resource may leave it out: a role's trust does.
    const resources = statement.raw('Resource') ?? '*';
    return {
      holder,
      effect,
      actions: texts(statement.raw('Action'), `${statement.where}.Action`).map(actionPattern),
      resources: texts(resources, `${statement.where}.Resource`).map(withoutVariables).map(arnPattern),
      ...(principal === undefined ? {} : { appliesTo: readPrincipal(principal, statement.where) }),
      conditions: readConditions(statement),
    };
  });
}

const listed = (value: Json | undefined): Json[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

function texts(value: Json | undefined, where: string): string[] {
  const all = listed(value);
  const found = all.filter((one) => typeof one === 'string');
  if (found.length === 0 || found.length < all.length) throw new Error(`${where}: expected text or a list of texts`);
  return found;
}

function withoutVariables(arn: string): string {
  if (arn.includes('${')) throw new Error(`resource ${arn}: the local world does not resolve policy variables`);
  return arn;
}

function readConditions(statement: Properties): Condition[] {
  const operators = statement.raw('Condition');
  return Object.entries(isObject(operators) ? operators : {}).flatMap(([operator, keys]) =>
    Object.entries(isObject(keys) ? keys : {}).map(([key, values]) =>
      readCondition(operator, key, listed(values).map(String)),
    ),
  );
}

/** Everybody, roles of this account by their ARN, the account itself (`…:root`), and services. */
function readPrincipal(principal: Json, where: string): (who: Principal) => boolean {
  if (principal === '*') return () => true;
  const named = new Properties(`${where}.Principal`, principal);
  named.refuse('Federated', 'CanonicalUser');
  const aws = listed(named.raw('AWS')).map(String);
  const services = listed(named.raw('Service')).map(String);
  return (who) =>
    'role' in who
      ? aws.some((one) => one === '*' || one === who.role || (one.endsWith(':root') && sameAccount(one, who.role)))
      : services.includes(who.service);
}

const sameAccount = (one: string, other: string): boolean => one.split(':')[4] === other.split(':')[4];
