import type { Construct } from 'constructs';
import type { Bundles } from './bundles.ts';
import { ConsoleStack } from './console-stack.ts';
import { GleanerStack } from './gleaner-stack.ts';
import { addressList, bucketList, regionList, stageSettings } from './stage.ts';

/** As they come from the command line. */
export interface StackInputs {
  readonly stage?: string | undefined;
  readonly regions?: string | undefined;
  readonly listBuckets?: string | undefined;
  readonly mailFrom?: string | undefined;
  readonly alarmEmails?: string | undefined;
  /** Directory of the console's files; absent: no console. */
  readonly consoleFiles?: string | undefined;
}

/**
 * One stack per region of the stage (and one for its console), named `gleaner-{stage}-{region}`, or one `gleaner-{stage}` that goes to whatever
 * region it is deployed in.
 * @throws when an input is not one.
 */
export function gleanerStacks(app: Construct, bundles: Bundles, inputs: StackInputs): GleanerStack[] {
  const stage = stageSettings(inputs.stage ?? 'dev');
  const common = {
    stage,
    bundles,
    listBuckets: bucketList(inputs.listBuckets),
    mailFrom: addressList('mailFrom', inputs.mailFrom)[0],
    alarmEmails: addressList('alarmEmails', inputs.alarmEmails),
  };
  const regions = regionList(inputs.regions);
  const made = regions.length === 0 ? [new GleanerStack(app, `gleaner-${stage.name}`, common)] : inRegions();
  const { consoleFiles: files } = inputs;
  for (const { stackName, apiUrl, region } of files === undefined ? [] : made) {
    const env = regions.length === 0 ? {} : { env: { region } };
    new ConsoleStack(app, `${stackName}-console`, { stage, apiUrl, files: files ?? '', ...env });
  }
  return made;

  function inRegions(): GleanerStack[] {
    return regions.map(
      (region) => new GleanerStack(app, `gleaner-${stage.name}-${region}`, { ...common, env: { region } }),
    );
  }
}
