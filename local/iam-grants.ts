/** The grants of a template as things that can be counted, and taken away one by one. */
import type { Json, JsonObject } from '#core/json.ts';
import type { Assembly } from './assembly.ts';
import { readTemplate } from './blueprint.ts';
import { allGrants } from './iam-policy.ts';
import type { Grant } from './iam-policy.ts';
import { RESOURCE_POLICIES, readPolicies } from './iam-template.ts';
import { placeOf } from './physical.ts';
import { isObject } from './properties.ts';
import type { Template } from './template.ts';

/** Of roles and of resources' own policies, as the local world notes their use. */
export function grantsOf(assembly: Assembly): Grant[] {
  const { roles, resources } = readPolicies(readTemplate(assembly, placeOf(assembly)));
  return allGrants([...roles.flatMap(({ statements }) => statements), ...resources]);
}

/** The template without one grant: everything else in its policies stays. Throws when it has no such grant. */
export function withoutGrant(assembly: Assembly, grant: Grant): JsonObject {
  const template = readTemplate(assembly, placeOf(assembly));
  const copy = structuredClone(assembly.template);
  const resources = copy['Resources'];
  if (!isObject(resources)) throw new Error('the template has no resources');
  let taken = 0;
  for (const [logicalId, resource] of Object.entries(resources)) {
    if (!isObject(resource) || !isObject(resource['Properties'])) continue;
    if (resource['Type'] === 'AWS::Lambda::Permission' && logicalId === grant.holder) {
      Reflect.deleteProperty(resources, logicalId);
      taken++;
    }
    for (const document of documents(template, logicalId, String(resource['Type']), resource['Properties'], grant)) {
      const before = listed(document['Statement']);
      document['Statement'] = before.flatMap((statement) => split(template, statement, grant));
      if (JSON.stringify(before) !== JSON.stringify(document['Statement'])) taken++;
    }
  }
  if (taken !== 1) throw new Error(`expected one place of ${grant.action} for ${grant.holder}, found ${String(taken)}`);
  return copy;
}

const listed = (value: Json | undefined): Json[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

/** Policy documents in a resource's properties that belong to the holder; they can be changed in place. */
function documents(
  template: Template,
  logicalId: string,
  type: string,
  properties: JsonObject,
  { holder }: Grant,
): JsonObject[] {
  const found = (): (Json | undefined)[] => {
    if (type === 'AWS::IAM::Role')
      return logicalId === holder ? listed(properties['Policies']).map((p) => (isObject(p) ? p['PolicyDocument'] : undefined)) : []; // prettier-ignore
    if (type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy') {
      const role = template.resources.find((resource) => resource.logicalId === holder);
      const name = role && template.referent(role).ref;
      return listed(template.resolve(properties['Roles'] ?? [])).includes(name ?? '') ? [properties['PolicyDocument']] : []; // prettier-ignore
    }
    const property = RESOURCE_POLICIES[type];
    return property !== undefined && logicalId === holder ? [properties[property]] : [];
  };
  return found().filter(isObject);
}

/** A statement as those that are left of it. */
function split(template: Template, statement: Json, grant: Grant): Json[] {
  if (!isObject(statement) || statement['Effect'] !== 'Allow') return [statement];
  const actions = listed(statement['Action']);
  const resources = listed(statement['Resource']);
  const isTaken = (resource: Json): boolean => template.resolve(resource) === grant.resource;
  if (!actions.includes(grant.action) || !resources.some(isTaken)) return [statement];
  const otherActions = actions.filter((action) => action !== grant.action);
  const otherResources = resources.filter((resource) => !isTaken(resource));
  return [
    ...(otherActions.length > 0 ? [{ ...statement, Action: otherActions }] : []),
    ...(otherResources.length > 0 ? [{ ...statement, Action: grant.action, Resource: otherResources }] : []),
  ];
}
