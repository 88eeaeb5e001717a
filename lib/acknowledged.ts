import { Stack, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/**
 * Accepts findings of a rule (cdk-nag AwsSolutions) on one construct and what is below it, each with its reason. Called
 * beside the construct it concerns, so that whoever changes the construct sees what was accepted.
 * @param reasons by rule id, e.g. `AwsSolutions-S1`.
 */
export function acknowledge(construct: IConstruct, reasons: Record<string, string>): void {
  Validations.of(construct).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));
}

/** Accepts a wildcard in this resource pattern (rule IAM5), for the construct and what is below it. */
export function acknowledgePattern(construct: IConstruct, arn: string, reason: string): void {
  const text = spelled(Stack.of(construct).resolve(arn));
  // The rule knows the partition of a stack that has a region, and not of one that has none.
  for (const id of new Set([text, text.replace('<AWS::Partition>', 'aws')]))
    acknowledge(construct, { [`AwsSolutions-IAM5[Resource::${id}]`]: reason });
}

/** An ARN as the rule spells it in its findings: references in angle brackets. */
function spelled(value: unknown): string {
  if (typeof value === 'string') return value;
  const {
    Ref,
    'Fn::GetAtt': attribute,
    'Fn::Join': joined,
  } = value as { Ref?: string; 'Fn::GetAtt'?: string[]; 'Fn::Join'?: [string, unknown[]] };
  if (Ref !== undefined) return `<${Ref}>`;
  if (attribute !== undefined) return `<${attribute.join('.')}>`;
  return (joined?.[1] ?? []).map(spelled).join(joined?.[0] ?? '');
}
