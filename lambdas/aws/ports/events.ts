import type { Context } from '#core/context.ts';
import { onFirstUse } from '../first-use.ts';

export const eventBus = (env: { EVENT_BUS: string }): Pick<Context, 'events'> => ({
  events: onFirstUse(async () => {
    const [{ EventBridgeBus }, { eventBridgeClient }] = await Promise.all([
      import('../event-bus.ts'),
      import('../clients/event-bridge.ts'),
    ]);
    return new EventBridgeBus(eventBridgeClient(), env.EVENT_BUS);
  }),
});
