/** Who may do what, as the template says it: roles with their policies, and the policies of resources. */
import type { Json } from '#core/json.ts';
import type { CallContext } from './iam-condition.ts';
import { readCondition } from './iam-condition.ts';
import { readDocument } from './iam-document.ts';
import { actionPattern, arnPattern } from './iam-pattern.ts';
import { decide } from './iam-policy.ts';
import type { Principal, Statement } from './iam-policy.ts';
import { Properties } from './properties.ts';
import type { Resource, Template } from './template.ts';

export interface RoleSpec {
  logicalId: string;
  name: string;
  arn: string;
  statements: Statement[];
  /** Services that may act as it, in this context. */
  trusts(principal: Principal, context?: CallContext): boolean;
}

export interface Policies {
  roles: RoleSpec[];
  /** Of resources: buckets, queues, topics, secrets, functions. */
  resources: Statement[];
}

/** Types whose whole meaning is a policy document at a resource. */
export const RESOURCE_POLICIES: Record<string, string> = {
  'AWS::S3::BucketPolicy': 'PolicyDocument',
  'AWS::SQS::QueuePolicy': 'PolicyDocument',
  'AWS::SNS::TopicPolicy': 'PolicyDocument',
  'AWS::SecretsManager::ResourcePolicy': 'ResourcePolicy',
};

export function readPolicies(template: Template): Policies {
  const roles = new Map<string, RoleSpec>();
  const resources: Statement[] = [];
  const of = (type: string): Resource[] => template.resources.filter((r) => r.type === type);
  for (const resource of of('AWS::IAM::Role')) {
    const role = readRole(template, resource);
    roles.set(role.name, role);
  }
  for (const resource of [...of('AWS::IAM::Policy'), ...of('AWS::IAM::ManagedPolicy')]) {
    const properties = propertiesOf(template, resource);
    properties.refuse('Users', 'Groups');
    for (const name of properties.list('Roles')) {
      const role = roles.get(String(name));
      if (role === undefined) throw new Error(`${resource.logicalId}: role ${String(name)} is not in the template`);
      role.statements.push(...readDocument(properties.raw('PolicyDocument'), resource.logicalId, role.logicalId));
    }
  }
  for (const [type, property] of Object.entries(RESOURCE_POLICIES))
    for (const resource of of(type)) {
      const document = propertiesOf(template, resource).raw(property);
      resources.push(...readDocument(document, resource.logicalId, resource.logicalId));
    }
  for (const resource of of('AWS::Lambda::Permission')) resources.push(readPermission(template, resource));
  return { roles: [...roles.values()], resources };
}

const propertiesOf = (template: Template, resource: Resource): Properties =>
  new Properties(resource.logicalId, template.resolve(resource.properties));

/** Of CodeDeploy, which acts in stages on AWS alone: the local world refuses its resources. */
const NOT_PLAYED = /:aws:policy\/service-role\/AWSCodeDeployRoleForLambdaLimited$/;

function readRole(template: Template, resource: Resource): RoleSpec {
  const { logicalId } = resource;
  const properties = propertiesOf(template, resource);
  properties.refuse('PermissionsBoundary');
  // What stands in AWS's own policies is not in the template, and they grant more than anybody needs.
  const managed = properties
    .list('ManagedPolicyArns')
    .filter((arn) => String(arn).includes(':aws:policy/') && !NOT_PLAYED.test(String(arn)));
  if (managed.length > 0) throw new Error(`${logicalId}: the local world does not know ${String(managed[0])}`);
  const trust = readDocument(properties.raw('AssumeRolePolicyDocument'), `${logicalId}.AssumeRolePolicyDocument`, logicalId); // prettier-ignore
  const { ref: name, attributes } = template.referent(resource);
  const arn = attributes['Arn'] ?? '';
  return {
    logicalId,
    name,
    arn,
    statements: properties
      .objects('Policies')
      .flatMap((policy) => readDocument(policy.raw('PolicyDocument'), policy.where, logicalId)),
    trusts: (principal, context = {}) =>
      decide(trust, { principal, action: 'sts:AssumeRole', resource: arn, context }).allowed,
  };
}

/** `AWS::Lambda::Permission`: one statement in the policy of its function. */
function readPermission(template: Template, resource: Resource): Statement {
  const properties = propertiesOf(template, resource);
  properties.refuse('EventSourceToken', 'FunctionUrlAuthType', 'PrincipalOrgID');
  const service = properties.text('Principal');
  const name = properties.text('FunctionName');
  const condition = (operator: string, key: string, property: string) => {
    const value = properties.optionalText(property);
    return value === undefined ? [] : [readCondition(operator, key, [value])];
  };
  return {
    holder: resource.logicalId,
    effect: 'Allow',
    actions: [actionPattern(properties.text('Action'))],
    resources: [arnPattern(name.startsWith('arn:') ? name : `arn:*:lambda:*:*:function:${name}`)],
    appliesTo: (who) => 'service' in who && who.service === service,
    conditions: [
      ...condition('ArnLike', 'aws:SourceArn', 'SourceArn'),
      ...condition('StringEquals', 'aws:SourceAccount', 'SourceAccount'),
    ],
  };
}

/** A role by its ARN, as functions, machines and targets name it. Throws when the service may not act as it. */
export function roleFor(
  policies: Policies,
  arn: Json | undefined,
  service: string,
  where: string,
  context?: CallContext,
): RoleSpec {
  const role = policies.roles.find((each) => each.arn === arn);
  if (role === undefined) throw new Error(`${where}: role ${JSON.stringify(arn ?? null)} is not in the template`);
  if (!role.trusts({ service }, context)) throw new Error(`${where}: ${service} may not act as role ${role.logicalId}`);
  return role;
}
