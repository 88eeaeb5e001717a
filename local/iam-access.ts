/**
 * IAM: answers for every call of a function, and of a service that acts for the stack, whether the template grants it.
 * Always on; nothing but the owner's key, which no function has, goes past it.
 */
import type { FunctionSpec } from './blueprint.ts';
import type { CallContext } from './iam-condition.ts';
import type { Gate, Need, Refusal } from './iam-gate.ts';
import { decide } from './iam-policy.ts';
import type { Grant, Principal, Statement } from './iam-policy.ts';
import { roleFor } from './iam-template.ts';
import type { Policies, RoleSpec } from './iam-template.ts';

/** Of who runs the local world: may do everything, as an administrator of an account does. */
export const OWNER_KEY = 'local';
/** What a function finds in its environment. */
export const accessKeyIdOf = (spec: { logicalId: string }): string => `function.${spec.logicalId}`;

/** An identity that acts: a role in the hands of somebody, or a service itself. */
export interface Actor {
  principal: Principal;
  /** As refusals name it. */
  name: string;
  statements: readonly Statement[];
}

export interface AccessOptions {
  account: string;
  region: string;
  /** Called for a call that exactly one grant allows: what two allow shows the need of neither. */
  used: (grant: Grant) => void;
  refused: (message: string) => void;
}

export class Access {
  readonly #options: AccessOptions;
  readonly #byKey = new Map<string, Actor>();
  #resourcePolicies: readonly Statement[] = [];

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** From here on the template's roles are known, and each function has its key. */
  admit(policies: Policies, functions: readonly FunctionSpec[]): void {
    this.#resourcePolicies = policies.resources;
    for (const spec of functions) {
      const role = roleFor(policies, spec.roleArn, 'lambda.amazonaws.com', spec.logicalId);
      this.#byKey.set(accessKeyIdOf(spec), actorOf(role, spec.name));
    }
  }

  /** For the emulators: whoever holds the key. */
  readonly gate: Gate = (accessKey, need) => {
    if (accessKey === OWNER_KEY) return undefined;
    const actor = accessKey === undefined ? undefined : this.#byKey.get(accessKey);
    if (actor !== undefined) return this.refusal(actor, need);
    return { kind: 'unknownKey', message: `The access key ${accessKey ?? '(none)'} does not exist in the local world` };
  };

  /** The function itself, for what Lambda does in its name. */
  functionActor(spec: FunctionSpec): Actor {
    const actor = this.#byKey.get(accessKeyIdOf(spec));
    if (actor === undefined) throw new Error(`function ${spec.logicalId} has not been admitted`);
    return actor;
  }

  refusal(actor: Actor, need: Need): Refusal | undefined {
    const resource = this.#arn(need);
    const { principal, name, statements } = actor;
    const call = {
      principal,
      action: need.action,
      resource,
      context: { ...this.#context(principal), ...need.context },
    };
    const decision = decide([...statements, ...this.#resourcePolicies], call);
    if (decision.allowed) {
      const [only, ...more] = decision.by;
      if (only !== undefined && more.length === 0) this.#options.used(only);
      return undefined;
    }
    const why =
      decision.denied === 'by a statement'
        ? `with an explicit deny in ${decision.holder ?? ''}`
        : `because no ${'role' in principal ? 'identity-based' : 'resource-based'} policy allows the ${need.action} action`;
    const message = `User: ${name} is not authorized to perform: ${need.action} on resource: ${resource} ${why}`;
    this.#options.refused(message);
    return { kind: 'denied', message };
  }

  #arn({ action, resource }: Need): string {
    if (resource.startsWith('arn:') || resource === '*') return resource;
    return `arn:aws:${action.split(':')[0] ?? ''}:${this.#options.region}:${this.#options.account}:${resource}`;
  }

  /** The wires of the local world are loopback, which nobody else hears: they count as TLS. */
  #context(principal: Principal): CallContext {
    const caller =
      'role' in principal
        ? { 'aws:principalarn': [principal.role], 'aws:principalaccount': [this.#options.account] }
        : { 'aws:sourceaccount': [this.#options.account] };
    return { 'aws:securetransport': ['true'], ...caller };
  }
}

/** @param session who holds the role: a function's name, an execution. */
export const actorOf = (role: RoleSpec, session: string): Actor => ({
  principal: { role: role.arn },
  name: `${role.arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${session}`,
  statements: role.statements,
});

/** A service that acts by what the resource's own policy says, such as `events.amazonaws.com`. */
export const serviceActor = (service: string): Actor => ({ principal: { service }, name: service, statements: [] });
