/** Everything the API can ask, over one set of ports. */
import { createKey, listKeys, revokeKey, rotateKey } from './api-keys.ts';
import { listAlerts } from './alerts.ts';
import { getWebhookSecret, rotateWebhookSecret } from './webhook-secret.ts';
import { allowances } from './allowance.ts';
import { authenticate, forget, remember, remembered } from './access.ts';
import { getConfig, listConfigVersions, putConfig, rollbackConfig } from './config.ts';
import { pauseRun, redriveRun, resumeRun, stopRun, type ControlPorts } from './control.ts';
import { listDeadLetters, redriveDeadLetters } from './dead-letters.ts';
import { explain } from './explain.ts';
import { deleteHost, getHost, listHosts, putHost, type HostPorts } from './hosts.ts';
import { shownSwitches } from './switches.ts';
import { createUpload, ledger, records, results } from './results.ts';
import { preview, type PreviewPorts } from './preview.ts';
import { deleteSecret, getSecret, listSecrets, putSecret } from './secrets.ts';
import { getRun, listRuns, listShards, timeline } from './runs.ts';
import { signingKeys } from './signing-keys.ts';
import { startInline, startRun, type StartPorts } from './start.ts';
import { createTask, deleteTask, getTask, listTasks, listVersions, replaceTask, rollbackTask } from './tasks.ts';
import { usage } from './usage.ts';
import { createTenant, getTenant, listTenants, replaceTenant } from './tenants.ts';
import type { TaskPorts } from './tasks.ts';
import type { Context } from '../context.ts';
import type { Operations } from '../operations.ts';

export type ServicePorts = StartPorts &
  TaskPorts &
  ControlPorts &
  HostPorts &
  PreviewPorts &
  Pick<Context, 'objects' | 'secrets' | 'webhookKeys'>;

export function createService(ports: ServicePorts): Operations {
  const allowance = allowances(ports);
  return {
    authenticate: (key) => authenticate(ports, key),
    allowance: ({ tenant }) => allowance(tenant),
    remembered: (...args) => remembered(ports, ...args),
    remember: (...args) => remember(ports, ...args),
    forget: (...args) => forget(ports, ...args),
    createTask: (...args) => createTask(ports, ...args),
    listTasks: (...args) => listTasks(ports, ...args),
    getTask: (...args) => getTask(ports, ...args),
    replaceTask: (...args) => replaceTask(ports, ...args),
    deleteTask: (...args) => deleteTask(ports, ...args),
    listVersions: (...args) => listVersions(ports, ...args),
    rollbackTask: (...args) => rollbackTask(ports, ...args),
    preview: (caller, task, url) => preview(ports, caller, task, url),
    startRun: (...args) => startRun(ports, ...args),
    startInline: (...args) => startInline(ports, ...args),
    listRuns: (...args) => listRuns(ports, ...args),
    getRun: (...args) => getRun(ports, ...args),
    stopRun: (...args) => stopRun(ports, ...args),
    pauseRun: (...args) => pauseRun(ports, ...args),
    resumeRun: (...args) => resumeRun(ports, ...args),
    redriveRun: (...args) => redriveRun(ports, ...args),
    explain: (...args) => explain(ports, ...args),
    listDeadLetters: (...args) => listDeadLetters(ports, ...args),
    listHosts: (...args) => listHosts(ports, ...args),
    getHost: (...args) => getHost(ports, ...args),
    putHost: (...args) => putHost(ports, ...args),
    deleteHost: (...args) => deleteHost(ports, ...args),
    redriveDeadLetters: (...args) => redriveDeadLetters(ports, ...args),
    getConfig: (...args) => getConfig(ports, ...args),
    putConfig: (...args) => putConfig(ports, ...args),
    listConfigVersions: (...args) => listConfigVersions(ports, ...args),
    rollbackConfig: (...args) => rollbackConfig(ports, ...args),
    usage: (...args) => usage(ports, ...args),
    switches: () => shownSwitches(ports),
    signingKeys: () => signingKeys(ports),
    listShards: (...args) => listShards(ports, ...args),
    timeline: (...args) => timeline(ports, ...args),
    ledger: (...args) => ledger(ports, ...args),
    results: (...args) => results(ports, ...args),
    records: (...args) => records(ports, ...args),
    createUpload: (...args) => createUpload(ports, ...args),
    listAlerts: (...args) => listAlerts(ports, ...args),
    getWebhookSecret: (caller) => getWebhookSecret(ports, caller),
    rotateWebhookSecret: (...args) => rotateWebhookSecret(ports, ...args),
    listSecrets: (...args) => listSecrets(ports, ...args),
    getSecret: (...args) => getSecret(ports, ...args),
    putSecret: (...args) => putSecret(ports, ...args),
    deleteSecret: (...args) => deleteSecret(ports, ...args),
    createTenant: (...args) => createTenant(ports, ...args),
    listTenants: (...args) => listTenants(ports, ...args),
    getTenant: (...args) => getTenant(ports, ...args),
    replaceTenant: (...args) => replaceTenant(ports, ...args),
    createKey: (...args) => createKey(ports, ...args),
    listKeys: (...args) => listKeys(ports, ...args),
    revokeKey: (...args) => revokeKey(ports, ...args),
    rotateKey: (...args) => rotateKey(ports, ...args),
  };
}
