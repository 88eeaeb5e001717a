import type { Construct } from 'constructs';
import type { Bundles } from './bundles.ts';
import { GleanerStack } from './gleaner-stack.ts';
import { bucketList, regionList, stageSettings } from './stage.ts';

/** As they come from the command line. */
export interface StackInputs {
  readonly stage?: string | undefined;
  readonly regions?: string | undefined;
  readonly listBuckets?: string | undefined;
}

/**
 * One stack per region of the stage, named `gleaner-{stage}-{region}`, or one `gleaner-{stage}` that goes to whatever
 * region it is deployed in.
 * @throws when an input is not one.
 */
export function gleanerStacks(app: Construct, bundles: Bundles, inputs: StackInputs): GleanerStack[] {
  const stage = stageSettings(inputs.stage ?? 'dev');
  const common = { stage, bundles, listBuckets: bucketList(inputs.listBuckets) };
  const regions = regionList(inputs.regions);
  if (regions.length === 0) return [new GleanerStack(app, `gleaner-${stage.name}`, common)];
  return regions.map(
    (region) => new GleanerStack(app, `gleaner-${stage.name}-${region}`, { ...common, env: { region } }),
  );
}
