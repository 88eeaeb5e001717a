/**
 * How IAM decides about one call inside one account: a Deny that applies wins, then an Allow of the caller's own policies or
 * of the resource's, else it is refused. Boundaries, session policies and organisations are not part of it.
 */
import type { CallContext, Condition } from './iam-condition.ts';
import type { Pattern } from './iam-pattern.ts';

export type Principal = { role: string } | { service: string };

export interface Statement {
  /** Logical id of the role it belongs to, or of the resource whose policy it stands in. */
  holder: string;
  effect: 'Allow' | 'Deny';
  actions: Pattern[];
  resources: Pattern[];
  /** In a resource's policy: to whom it applies. In a role's own: absent. */
  appliesTo?: (principal: Principal) => boolean;
  conditions: Condition[];
}

export interface Call {
  principal: Principal;
  /** Such as `s3:GetObject`. */
  action: string;
  /** ARN. */
  resource: string;
  context: CallContext;
}

/** The smallest thing that can be taken away: one action on one resource pattern, of one holder. */
export interface Grant {
  holder: string;
  action: string;
  resource: string;
}

export type Decision =
  | { allowed: true; /** Each of these alone would do. */ by: Grant[] }
  | { allowed: false; denied: 'by a statement' | 'by default'; holder: string | undefined };

/** @param statements the caller's own and those of resources. */
export function decide(statements: readonly Statement[], call: Call): Decision {
  const applying = statements.filter(
    ({ appliesTo, conditions }) =>
      (appliesTo === undefined || appliesTo(call.principal)) &&
      conditions.every((condition) => condition.holds(call.context)),
  );
  const denial = applying.find((statement) => statement.effect === 'Deny' && grantsOf(statement, call).length > 0);
  if (denial !== undefined) return { allowed: false, denied: 'by a statement', holder: denial.holder };
  const by = applying.flatMap((statement) => (statement.effect === 'Allow' ? grantsOf(statement, call) : []));
  return by.length > 0 ? { allowed: true, by } : { allowed: false, denied: 'by default', holder: undefined };
}

function grantsOf({ holder, actions, resources }: Statement, { action, resource }: Call): Grant[] {
  const named = actions.filter((pattern) => pattern.matches(action));
  if (named.length === 0) return [];
  const reached = resources.filter((pattern) => pattern.matches(resource));
  return named.flatMap((a) => reached.map((r) => ({ holder, action: a.text, resource: r.text })));
}

/** Every grant of Allow statements, whether or not anybody calls. */
export const allGrants = (statements: readonly Statement[]): Grant[] =>
  statements.flatMap(({ effect, holder, actions, resources }) =>
    effect === 'Deny'
      ? []
      : actions.flatMap((a) => resources.map((r) => ({ holder, action: a.text, resource: r.text }))),
  );
