import { AttributeType, Billing, ProjectionType, TableV2, type TablePropsV2 } from 'aws-cdk-lib/aws-dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { DUE_INDEX, LIST_INDEX, TABLE_KEYS } from '../lambdas/contract.ts';
import { acknowledge } from './acknowledged.ts';
import type { StageSettings } from './stage.ts';

/**
 * Two tables, because they will live differently: the control table is to be shared by a set of regions, the pace table
 * belongs to one region for ever (a host is asked from one region at a time, and its record takes most of the writes).
 */
export class Tables extends Construct {
  readonly control: TableV2;
  readonly pace: TableV2;

  constructor(scope: Construct, id: string, stage: StageSettings) {
    super(scope, id);
    this.control = new TableV2(this, 'Control', {
      ...common(stage),
      timeToLiveAttribute: TABLE_KEYS.ttl,
      globalSecondaryIndexes: [
        {
          indexName: DUE_INDEX.name,
          partitionKey: { name: DUE_INDEX.partition, type: AttributeType.STRING },
          sortKey: { name: DUE_INDEX.sort, type: AttributeType.NUMBER },
          // Whoever finds an item due reads it again before acting, so more than keys would be paid for nothing.
          projectionType: ProjectionType.KEYS_ONLY,
        },
        {
          indexName: LIST_INDEX.name,
          partitionKey: { name: LIST_INDEX.partition, type: AttributeType.STRING },
          sortKey: { name: LIST_INDEX.sort, type: AttributeType.STRING },
          projectionType: ProjectionType.ALL,
        },
      ],
    });
    this.pace = new TableV2(this, 'Pace', { ...common(stage), timeToLiveAttribute: TABLE_KEYS.ttl });
    if (!stage.keepsData) {
      const reason = 'A stage whose data may be thrown away; prod keeps 35 days of point-in-time recovery.';
      for (const table of [this.control, this.pace]) acknowledge(table, { 'AwsSolutions-DDB3': reason });
    }
  }
}

function common(stage: StageSettings): TablePropsV2 {
  return {
    partitionKey: { name: TABLE_KEYS.partition, type: AttributeType.STRING },
    sortKey: { name: TABLE_KEYS.sort, type: AttributeType.STRING },
    billing: Billing.onDemand(),
    deletionProtection: stage.keepsData,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: stage.keepsData },
    removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  };
}
