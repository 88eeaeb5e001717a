/** A target as it stands in a shard's object, one JSON line each. */
import type { RequestSpec } from './task.ts';

export interface PlannedTarget extends RequestSpec {
  depth?: number;
  from?: string;
}
