/** What of the operator's switches everybody may see: that something is off, not whose. */
import type { Context } from '../context.ts';
import type { SwitchesView } from '../operations.ts';

export async function shownSwitches(ports: Pick<Context, 'switches'>): Promise<SwitchesView> {
  const { pauseTenants, pauseHosts, ...flags } = await ports.switches.now();
  return { ...flags, tenantsPaused: pauseTenants.length, hostsPaused: pauseHosts.length };
}
