/** What AWS's services do for the stack, each asked of IAM first: calling functions, polling queues, keeping logs. */
import type { Json } from '#core/json.ts';
import type { FunctionSpec, MachineSpec, MappingSpec, RouteSpec, RuleSpec } from './blueprint.ts';
import { actorOf, serviceActor } from './iam-access.ts';
import type { Access, Actor } from './iam-access.ts';
import { roleFor } from './iam-template.ts';
import type { Policies, RoleSpec } from './iam-template.ts';
import type { FunctionHost, Invocation } from './lambda.ts';
import type { ScheduleInput } from './scheduler.ts';
import type { Execution } from './states-journal.ts';

export class Services {
  readonly #access: Access;
  readonly #functions: FunctionHost;

  constructor(access: Access, functions: FunctionHost) {
    this.#access = access;
    this.#functions = functions;
  }

  /** A state machine calls functions by its role. */
  asMachine(machines: readonly MachineSpec[], policies: Policies) {
    const roles = new Map(machines.map((m) => [m.arn, roleFor(policies, m.roleArn, 'states.amazonaws.com', m.logicalId)])); // prettier-ignore
    return async (functionName: string, payload: Json, execution: Execution): Promise<Invocation> => {
      const role = roles.get(execution.machineArn);
      if (role === undefined) throw new Error(`${execution.machineArn} has no role`);
      return this.#invoke(actorOf(role, execution.name), undefined, functionName, payload);
    };
  }

  /** The HTTP API calls functions by their own policies. */
  asApi(route: RouteSpec, event: Json): Promise<Invocation> {
    return this.#invoke(serviceActor('apigateway.amazonaws.com'), route.sourceArn, route.functionArn, event);
  }

  asRule(rule: RuleSpec, functionArn: string, event: Json): Promise<Invocation> {
    return this.#invoke(serviceActor('events.amazonaws.com'), rule.arn, functionArn, event);
  }

  /** Scheduler calls functions, and sends what was not taken to the dead letters, by the role that the schedule names. */
  asScheduler(policies: Policies, account: string) {
    const actor = ({ group, name, target }: ScheduleInput): Actor =>
      actorOf(schedulerRole(policies, account, target.roleArn, target.groupArn, `${group}/${name}`), name);
    return {
      invoke: (schedule: ScheduleInput, payload: Json): Promise<Invocation> =>
        this.#invoke(actor(schedule), undefined, schedule.target.arn, payload),
      /** Why the dead letter cannot be sent. */
      letterRefusal: (schedule: ScheduleInput, queueArn: string): string | undefined =>
        this.#access.refusal(actor(schedule), { action: 'sqs:SendMessage', resource: queueArn })?.message,
    };
  }

  async #invoke(actor: Actor, source: string | undefined, functionName: string, payload: Json): Promise<Invocation> {
    const refusal = this.#access.refusal(actor, {
      action: 'lambda:InvokeFunction',
      resource: functionName.startsWith('arn:') ? functionName : `function:${functionName}`,
      ...(source === undefined ? {} : { context: { 'aws:sourcearn': [source] } }),
    });
    if (refusal === undefined) return this.#functions.invoke(functionName, payload);
    return { kind: 'refused', name: 'AWSLambdaException', message: refusal.message };
  }
}

/** @throws when Scheduler may not act as the role for a schedule of this group. */
export const schedulerRole = (
  policies: Policies,
  account: string,
  roleArn: string,
  groupArn: string,
  where: string,
): RoleSpec =>
  roleFor(policies, roleArn, 'scheduler.amazonaws.com', where, {
    'aws:sourceaccount': [account],
    'aws:sourcearn': [groupArn],
  });

/**
 * Queues are polled in their functions' names.
 * @throws as the creation of the mapping fails in AWS, when the function's role may not.
 */
export function checkPolling(access: Access, spec: FunctionSpec, { queueArn }: MappingSpec): void {
  for (const name of ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes']) {
    const refusal = access.refusal(access.functionActor(spec), { action: `sqs:${name}`, resource: queueArn });
    if (refusal !== undefined) throw new Error(`The function execution role does not have permissions to call ${name} on SQS: ${refusal.message}`); // prettier-ignore
  }
}

/** What Step Functions sets up the delivery of its logs with, all of it (its guide, "Logging using CloudWatch Logs"). */
const LOG_DELIVERY = [
  'CreateLogDelivery', 'GetLogDelivery', 'UpdateLogDelivery', 'DeleteLogDelivery', 'ListLogDeliveries',
  'PutResourcePolicy', 'DescribeResourcePolicies', 'DescribeLogGroups',
]; // prettier-ignore

/** @throws as the creation of the machine fails in AWS, when it is to keep a log and its role may not. */
export function checkMachineLogs(access: Access, policies: Policies, machines: readonly MachineSpec[]): void {
  for (const machine of machines.filter(({ keepsLog }) => keepsLog)) {
    const actor = actorOf(roleFor(policies, machine.roleArn, 'states.amazonaws.com', machine.logicalId), 'create');
    for (const name of LOG_DELIVERY) {
      const refusal = access.refusal(actor, { action: `logs:${name}`, resource: '*' });
      if (refusal !== undefined) throw new Error(`The state machine IAM Role is not authorized to access the Log Destination: ${refusal.message}`); // prettier-ignore
    }
  }
}

/** A function whose role may not write its log runs all the same, and nobody reads what it printed. */
export function mayLog(access: Access, spec: FunctionSpec): boolean {
  const resource = `log-group:${spec.logGroup}:log-stream:local`;
  const actor = access.functionActor(spec);
  return ['logs:CreateLogStream', 'logs:PutLogEvents'].every(
    (action) => access.refusal(actor, { action, resource }) === undefined,
  );
}
