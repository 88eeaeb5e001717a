import type { Context } from '#core/context.ts';
import { onFirstUse } from '../first-use.ts';

export const runMachine = (env: { RUN_MACHINE_ARN: string }): Pick<Context, 'orchestrator'> => ({
  orchestrator: onFirstUse(async () => {
    const [{ StepFunctionsOrchestrator }, { sfnClient }] = await Promise.all([
      import('../orchestrator.ts'),
      import('../clients/step-functions.ts'),
    ]);
    return new StepFunctionsOrchestrator(sfnClient(), env.RUN_MACHINE_ARN);
  }),
});
