import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '#core/json.ts';
import type { CallContext } from '#local/iam-condition.ts';
import { readDocument } from '#local/iam-document.ts';
import { arnPattern, textPattern } from '#local/iam-pattern.ts';
import { allGrants, decide } from '#local/iam-policy.ts';
import type { Principal } from '#local/iam-policy.ts';

const ROLE: Principal = { role: 'arn:aws:iam::000000000000:role/r' };
const TABLE = 'arn:aws:dynamodb:eu-west-1:000000000000:table/t';
const read = (...statements: Json[]) => readDocument({ Statement: statements }, 'P', 'R');
const allow = (Action: Json, Resource: Json, more: Record<string, Json> = {}): Json => ({ Effect: 'Allow', Action, Resource, ...more }); // prettier-ignore
const deny = (Action: Json, Resource: Json, more: Record<string, Json> = {}): Json => ({ Effect: 'Deny', Action, Resource, ...more }); // prettier-ignore
const allowed = (
  statements: Json[],
  action: string,
  resource: string,
  context: CallContext = {},
  principal: Principal = ROLE,
) => decide(read(...statements), { principal, action, resource, context }).allowed;

describe('actions and resources', () => {
  it.each<[string, Json[], string, string, boolean]>([
    ['nothing granted', [], 'dynamodb:GetItem', TABLE, false],
    ['named', [allow('dynamodb:GetItem', TABLE)], 'dynamodb:GetItem', TABLE, true],
    ['in other letters', [allow('DynamoDB:getitem', TABLE)], 'dynamodb:GetItem', TABLE, true],
    ['another action', [allow('dynamodb:GetItem', TABLE)], 'dynamodb:PutItem', TABLE, false],
    ['an action that begins the same', [allow('s3:GetObject', '*')], 's3:GetObjectTagging', 'arn:aws:s3:::b/k', false],
    ['actions by wildcard', [allow('dynamodb:*Item', TABLE)], 'dynamodb:PutItem', TABLE, true],
    ['one of several', [allow(['s3:GetObject', 'dynamodb:Query'], [`${TABLE}x`, TABLE])], 'dynamodb:Query', TABLE, true],
    ['the table does not grant its index', [allow('dynamodb:Query', TABLE)], 'dynamodb:Query', `${TABLE}/index/i`, false],
    ['the index does not grant its table', [allow('dynamodb:Query', `${TABLE}/index/i`)], 'dynamodb:Query', TABLE, false],
    ['objects below a prefix', [allow('s3:GetObject', 'arn:aws:s3:::b/t/*')], 's3:GetObject', 'arn:aws:s3:::b/t/a/b', true],
    ['objects beside a prefix', [allow('s3:GetObject', 'arn:aws:s3:::b/t/*')], 's3:GetObject', 'arn:aws:s3:::b/u/a', false],
    ['the bucket is none of its objects', [allow('s3:*', 'arn:aws:s3:::b/*')], 's3:ListBucket', 'arn:aws:s3:::b', false],
    ['a wildcard stays in its part', [allow('sqs:SendMessage', 'arn:aws:sqs:*:q')], 'sqs:SendMessage', 'arn:aws:sqs:eu-west-1:0:q', false],
    ['executions: the last part has colons', [allow('states:DescribeExecution', 'arn:aws:states:r:0:execution:m:*')], 'states:DescribeExecution', 'arn:aws:states:r:0:execution:m:run-0', true],
    ['a resource is told by its letters', [allow('sqs:SendMessage', 'arn:aws:sqs:r:0:Q')], 'sqs:SendMessage', 'arn:aws:sqs:r:0:q', false],
    ['characters of patterns are no wildcards', [allow('s3:GetObject', 'arn:aws:s3:::b/a.c')], 's3:GetObject', 'arn:aws:s3:::b/abc', false],
    ['a denial wins', [allow('*', '*'), deny('s3:DeleteObject', '*')], 's3:DeleteObject', 'arn:aws:s3:::b/k', false],
    ['a denial of something else', [allow('*', '*'), deny('s3:DeleteObject', '*')], 's3:GetObject', 'arn:aws:s3:::b/k', true],
  ])('%s', (_, statements, action, resource, expected) => {
    expect(allowed(statements, action, resource)).toBe(expected);
  }); // prettier-ignore
});

describe('conditions', () => {
  const on = (Condition: Json) => [allow('*', '*', { Condition })];
  it.each<[string, Json, CallContext, boolean]>([
    ['equal', { StringEquals: { 'aws:SourceAccount': '1' } }, { 'aws:sourceaccount': ['1'] }, true],
    ['one of', { StringEquals: { 'aws:SourceAccount': ['2', '1'] } }, { 'aws:sourceaccount': ['1'] }, true],
    ['unequal', { StringEquals: { 'aws:SourceAccount': '1' } }, { 'aws:sourceaccount': ['2'] }, false],
    ['absent', { StringEquals: { 'aws:SourceAccount': '1' } }, {}, false],
    ['absent, if it exists', { StringEqualsIfExists: { 'aws:SourceAccount': '1' } }, {}, true],
    ['not equal', { StringNotEquals: { 'aws:SourceAccount': '1' } }, { 'aws:sourceaccount': ['1'] }, false],
    ['not equal, absent', { StringNotEquals: { 'aws:SourceAccount': '1' } }, {}, true],
    ['like', { StringLike: { 's3:prefix': 't/*' } }, { 's3:prefix': ['t/a'] }, true],
    ['not like', { StringNotLike: { 's3:prefix': 't/*' } }, { 's3:prefix': ['t/a'] }, false],
    ['ARNs by parts', { ArnLike: { 'aws:SourceArn': 'arn:aws:events:*:0:rule/*' } }, { 'aws:sourcearn': ['arn:aws:events:r:0:rule/x'] }, true],
    ['ARNs of another service', { ArnLike: { 'aws:SourceArn': 'arn:aws:events:*:0:rule/*' } }, { 'aws:sourcearn': ['arn:aws:s3:::b'] }, false],
    ['truth', { Bool: { 'aws:SecureTransport': 'false' } }, { 'aws:securetransport': ['true'] }, false],
    ['all of several keys', { StringEquals: { 's3:prefix': 'a', 'aws:SourceAccount': '1' } }, { 's3:prefix': ['a'] }, false],
    ['all of several operators', { StringLike: { 's3:prefix': 'a*' }, StringEquals: { 's3:prefix': 'ab' } }, { 's3:prefix': ['ac'] }, false],
    ['every value', { 'ForAllValues:StringLike': { 's3:prefix': 'a*' } }, { 's3:prefix': ['a1', 'b'] }, false],
    ['every value of none', { 'ForAllValues:StringLike': { 's3:prefix': 'a*' } }, {}, true],
    ['any value', { 'ForAnyValue:StringLike': { 's3:prefix': 'a*' } }, { 's3:prefix': ['b', 'a1'] }, true],
    ['any value of none', { 'ForAnyValue:StringLike': { 's3:prefix': 'a*' } }, {}, false],
    ['absence wanted', { Null: { 's3:prefix': 'true' } }, {}, true],
    ['presence wanted', { Null: { 's3:prefix': 'false' } }, {}, false],
  ])('%s', (_, condition, context, expected) => {
    expect(allowed(on(condition), 's3:ListBucket', 'arn:aws:s3:::b', context)).toBe(expected);
  }); // prettier-ignore

  it('a policy that lets nothing through without TLS denies no call with it', () => {
    const tls = deny('s3:*', '*', { Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
    const secure = (value: string) => allowed([allow('*', '*'), tls], 's3:GetObject', 'arn:aws:s3:::b/k', { 'aws:securetransport': [value] }); // prettier-ignore
    expect([secure('true'), secure('false')]).toEqual([true, false]);
  });
});

describe('principals of a resource policy', () => {
  const events: Principal = { service: 'events.amazonaws.com' };
  it.each<[string, Json, Principal, boolean]>([
    ['everybody', '*', ROLE, true],
    ['every identity', { AWS: '*' }, ROLE, true],
    ['the role', { AWS: ROLE.role }, ROLE, true],
    ['another role', { AWS: 'arn:aws:iam::000000000000:role/other' }, ROLE, false],
    ['the account', { AWS: 'arn:aws:iam::000000000000:root' }, ROLE, true],
    ['another account', { AWS: 'arn:aws:iam::111111111111:root' }, ROLE, false],
    ['the service', { Service: ['sns.amazonaws.com', 'events.amazonaws.com'] }, events, true],
    ['another service', { Service: 'sns.amazonaws.com' }, events, false],
    ['no service by its account', { AWS: '*' }, events, false],
  ])('%s', (_, Principal, who, expected) => {
    expect(allowed([allow('*', '*', { Principal })], 'sqs:SendMessage', 'arn:aws:sqs:r:0:q', {}, who)).toBe(expected);
  });
});

describe('what is not played is refused by name', () => {
  it.each<[string, Json, string]>([
    ['the opposite of actions', { Effect: 'Allow', NotAction: 's3:*', Resource: '*' }, 'P.Statement[0].NotAction'],
    ['the opposite of resources', { Effect: 'Allow', Action: 's3:*', NotResource: '*' }, 'P.Statement[0].NotResource'],
    ['a policy variable', allow('s3:*', 'arn:aws:s3:::b/${aws:username}'), 'policy variables'],
    ['a condition key', allow('*', '*', { Condition: { StringEquals: { 'ec2:Vpc': 'x' } } }), 'condition key ec2:Vpc'],
    ['an operator', allow('*', '*', { Condition: { DateLessThan: { 's3:prefix': 'x' } } }), 'operator DateLessThan'],
    ['an effect', { Effect: 'Maybe', Action: '*', Resource: '*' }, 'expected Allow or Deny'],
    ['a federated principal', allow('*', '*', { Principal: { Federated: 'x' } }), 'Principal.Federated'],
    ['no action', { Effect: 'Allow', Resource: '*' }, 'P.Statement[0].Action'],
  ])('%s', (_, statement, message) => {
    expect(() => read(statement)).toThrow(message);
  });
});

describe('properties', () => {
  const action = fc.constantFrom('s3:GetObject', 's3:PutObject', 'sqs:SendMessage', 'dynamodb:Query');
  const resource = fc.constantFrom(
    'arn:aws:s3:::b/k',
    'arn:aws:s3:::b',
    'arn:aws:sqs:r:0:q',
    TABLE,
    `${TABLE}/index/i`,
  );
  const pattern = fc.oneof(resource, fc.constantFrom('*', 'arn:aws:s3:::b/*', 'arn:aws:s3:::*', `${TABLE}/index/*`));
  const statement = fc
    .record({ Effect: fc.constantFrom('Allow', 'Deny'), Action: fc.oneof(action, fc.constantFrom('s3:*', '*')), Resource: pattern })
    .map((one): Json => one); // prettier-ignore

  it('order does not matter, a Deny only takes away, an Allow only gives', () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 6 }), statement, action, resource, (all, more, a, r) => {
        const before = allowed(all, a, r);
        expect(allowed([...all].reverse(), a, r)).toBe(before);
        const after = allowed([...all, more], a, r);
        if ((more as { Effect: string }).Effect === 'Deny') expect(after && !before).toBe(false);
        else expect(before && !after).toBe(false);
      }),
    );
  });

  it('a call that one grant alone allows is refused without it, and every other call as before', () => {
    const allows = fc.array(fc.record({ a: action, r: pattern }), { maxLength: 6 });
    fc.assert(
      fc.property(allows, action, resource, (granted, a, r) => {
        const statements = granted.map(({ a: Action, r: Resource }) => allow(Action, Resource));
        const decision = decide(read(...statements), { principal: ROLE, action: a, resource: r, context: {} });
        if (!decision.allowed || decision.by.length !== 1) return;
        const [only] = decision.by;
        const rest = granted.filter((one) => one.a !== only?.action || one.r !== only.resource);
        expect(rest).toHaveLength(granted.length - 1);
        expect(allowed(rest.map((one) => allow(one.a, one.r)), a, r)).toBe(false);
      }),
    ); // prettier-ignore
  });

  it('a pattern without wildcards matches itself alone; `*` what begins and ends so', () => {
    const plain = fc.string().filter((s) => !/[*?]/.test(s));
    fc.assert(
      fc.property(plain, plain, plain, (a, b, c) => {
        expect(textPattern(a).matches(b)).toBe(a === b);
        expect(textPattern(`${a}*${b}`).matches(`${a}${c}${b}`)).toBe(true);
        expect(textPattern(`${a}?`).matches(`${a}xy`)).toBe(false);
      }),
    );
  });

  it('a wildcard never crosses the parts of an ARN', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,5}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 6, maxLength: 6 }), fc.nat(5), (parts, at) => {
        const starred = parts.map((p, i) => (i === at ? '*' : p)).join(':');
        expect(arnPattern(starred).matches(parts.join(':'))).toBe(true);
        const moved = parts.map((p, i) => (i === (at + 1) % 6 ? `${p}x` : p)).join(':');
        expect(arnPattern(starred).matches(moved)).toBe(false);
      }),
    );
  });
});

it('counts each action on each resource as a grant', () => {
  const statements = read(
    allow(['s3:GetObject', 's3:PutObject'], ['arn:aws:s3:::a/*', 'arn:aws:s3:::b/*']),
    deny('*', '*'),
  );
  expect(allGrants(statements)).toHaveLength(4);
  expect(allGrants(statements)[0]).toEqual({ holder: 'R', action: 's3:GetObject', resource: 'arn:aws:s3:::a/*' });
});
