import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '#core/json.ts';
import { Template } from '#local/template.ts';

const template = (more: JsonObject = {}): Template =>
  new Template(
    {
      Parameters: { BootstrapVersion: { Type: 'String', Default: '/cdk/version' } },
      Mappings: { Sizes: { small: { memory: 128 } } },
      Conditions: {
        Yes: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] },
        No: { 'Fn::Not': [{ Condition: 'Yes' }] },
        Both: { 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] },
        One: { 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] },
      },
      Resources: { Queue: { Type: 'AWS::SQS::Queue' }, Gone: { Type: 'AWS::SQS::Queue', Condition: 'No' } },
      ...more,
    },
    {
      pseudo: { 'AWS::Region': 'eu-west-1', 'AWS::Partition': 'aws' },
      referent: ({ logicalId }) => ({ ref: `ref-${logicalId}`, attributes: { Arn: `arn-${logicalId}` } }),
    },
  );

describe('intrinsic functions', () => {
  it.each<[string, Json, Json | undefined]>([
    ['plain values', { a: [1, 'x', null, true] }, { a: [1, 'x', null, true] }],
    ['Ref of a resource', { Ref: 'Queue' }, 'ref-Queue'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-west-1'],
    ['Ref of a parameter', { Ref: 'BootstrapVersion' }, '/cdk/version'],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn-Queue'],
    ['GetAtt as text', { 'Fn::GetAtt': 'Queue.Arn' }, 'arn-Queue'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Queue' }, 3]] }, 'a-ref-Queue-3'],
    ['Join over Split', { 'Fn::Join': ['/', { 'Fn::Split': [':', 'a:b'] }] }, 'a/b'],
    ['Select', { 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    ['Sub', { 'Fn::Sub': '${AWS::Partition}:${Queue}:${Queue.Arn}:${!Literal}' }, 'aws:ref-Queue:arn-Queue:${Literal}'],
    ['Sub with values', { 'Fn::Sub': ['${x}-${Queue}', { x: { Ref: 'AWS::Region' } }] }, 'eu-west-1-ref-Queue'],
    ['If, true', { 'Fn::If': ['Yes', 'a', 'b'] }, 'a'],
    ['If, false', { 'Fn::If': ['No', 'a', { Ref: 'Queue' }] }, 'ref-Queue'],
    ['And', { 'Fn::If': ['Both', 1, 2] }, 2],
    ['Or', { 'Fn::If': ['One', 1, 2] }, 1],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', 'small', 'memory'] }, 128],
    ['Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
    ['NoValue in members', { a: { Ref: 'AWS::NoValue' }, b: [{ Ref: 'AWS::NoValue' }, 1] }, { b: [1] }],
    ['an object that only looks like one', { Ref: 'Queue', more: 1 }, { Ref: 'Queue', more: 1 }],
  ])('%s', (_, value, expected) => {
    expect(template().resolve(value)).toEqual(expected);
  });

  it.each<[string, Json, string]>([
    ['unknown function', { 'Fn::ImportValue': 'x' }, 'Fn::ImportValue is not resolved'],
    ['unknown resource', { Ref: 'Nothing' }, 'Nothing is not in the template'],
    ['unknown attribute', { 'Fn::GetAtt': ['Queue', 'Colour'] }, 'Queue (AWS::SQS::Queue): attribute Colour'],
    ['resource that does not exist by its condition', { Ref: 'Gone' }, 'Gone is not in the template'],
    ['Join of what is no list', { 'Fn::Join': ['', 'x'] }, 'expected a list'],
  ])('refuses: %s', (_, value, message) => {
    expect(() => template().resolve(value)).toThrow(message);
  });

  it('drops resources whose condition is false', () => {
    expect(template().resources.map((r) => r.logicalId)).toEqual(['Queue']);
  });
});
