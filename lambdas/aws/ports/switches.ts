import type { Context } from '#core/context.ts';
import { switchBoard, type OperatorConfig } from '#core/switches.ts';
import { once } from '../first-use.ts';
import { clock } from '../clock.ts';

/** Of a function that has the control table. */
export const switches = (
  env: { OPERATOR_CONFIG: string },
  ports: Pick<Context, 'table' | 'log'>,
): Pick<Context, 'switches'> => ({
  switches: switchBoard({ ...ports, clock, operator: operatorConfig(env.OPERATOR_CONFIG) }),
});
function operatorConfig(names: string): OperatorConfig {
  let operator: OperatorConfig | undefined;
  const load = once(async (): Promise<OperatorConfig> => {
    const [{ AppConfigOperator }, { appConfigClient }] = await Promise.all([
      import('../operator-config.ts'),
      import('../clients/app-config.ts'),
    ]);
    return (operator = new AppConfigOperator(appConfigClient(), names));
  });
  return {
    get isOpen() {
      return operator?.isOpen ?? false;
    },
    latest: async () => (await load()).latest(),
  };
}
