/**
 * Tasks and their versions. A task's id is its name, so uniqueness needs no second record. Order of writes: version
 * first, then the head that names it; a version that no head names does not exist for readers.
 */
import { NEXT_RUNS_SHOWN, PLACE_AFTER_MS } from '../limits.ts';
import { TASK_PREFIX, VERSION_PREFIX, dueOfTask, isTaskId, taskKey, tenantKey, versionKey } from '../names.ts';
import { asItem, asTask, asVersion, type TaskRow, type VersionRow } from '../rows.ts';
import { missingSecret } from '../secret-headers.ts';
import { placeSchedule, readSchedule } from '../schedule/place.ts';
import { dueTimes, rhythmOf } from '../schedule/rhythm.ts';
import { readTask, readTenant } from '../store.ts';
import { iso, noTask, ok, paging, refuse } from './outcome.ts';
import type { Context } from '../context.ts';
import type {
  Caller,
  Once,
  Outcome,
  PageOf,
  PageRequest,
  ScheduleView,
  TaskVersionView,
  TaskView,
} from '../operations.ts';
import type { Condition } from '../ports.ts';
import type { TaskSpec } from '../task.ts';

export type TaskPorts = Pick<Context, 'region' | 'table' | 'clock' | 'schedules' | 'log'>;
type Ports = TaskPorts;
const etagOf = (version: number): string => `"v${String(version)}"`;

const view = (row: TaskRow, task: TaskSpec): TaskView => ({
  id: row.taskId,
  version: row.version,
  etag: etagOf(row.version),
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
  task,
});

/** What is kept outside for a version, or may still be. */
const isKeptOutside = (head: TaskRow | undefined): boolean => head?.scheduled === true || head?.duePk !== undefined;
const toBePlaced = (ports: Ports, tenant: string, taskId: string): { duePk: string; dueAt: number } => ({
  duePk: dueOfTask(ports.region, tenant, taskId),
  dueAt: ports.clock.now() + PLACE_AFTER_MS,
});
/** The task stands whatever becomes of this: what cannot be placed now is placed by the sweep. */
async function place(ports: Ports, { tenant, taskId }: TaskRow): Promise<void> {
  try {
    await placeSchedule(ports, tenant, taskId);
  } catch (error) {
    ports.log.error('schedule not placed yet', { tenant, taskId, error: String(error) });
  }
}

async function viewed(ports: Ports, head: TaskRow, task: TaskSpec): Promise<TaskView> {
  const schedule = await scheduleOf(ports, head);
  return { ...view(head, task), ...(schedule && { schedule }) };
}
async function scheduleOf(ports: Ports, head: TaskRow): Promise<ScheduleView | undefined> {
  if (!head.scheduled) return undefined;
  const row = await readSchedule(ports, head.tenant, head.taskId);
  if (row === undefined) return { nextRuns: [], inPlace: false, missed: 0 };
  const { spec, since, doneTo, last, missed, lastMissedAt } = row;
  const next = dueTimes(rhythmOf(spec, since), Math.max(doneTo, ports.clock.now()), NEXT_RUNS_SHOWN);
  return {
    nextRuns: next.map(iso),
    inPlace: row.placed && row.version === head.version,
    ...(last && { last: { ...last, at: iso(last.at) } }),
    missed,
    ...(lastMissedAt !== undefined && { lastMissedAt: iso(lastMissedAt) }),
  };
}

/** The head of a task that has not been deleted. */
export async function readHead(
  ports: Pick<Ports, 'table'>,
  tenant: string,
  taskId: string,
): Promise<TaskRow | undefined> {
  if (!isTaskId(taskId)) return undefined;
  const item = await ports.table.get(taskKey(tenant, taskId));
  return item === undefined || asTask(item).deleted ? undefined : asTask(item);
}

/** What a tenant may only do with a permission, or with a secret that it has. */
export async function forbidden(
  ports: Pick<Ports, 'table'>,
  caller: Caller,
  task: { fetch: Pick<TaskSpec['fetch'], 'robots' | 'secretHeaders'> },
): Promise<ReturnType<typeof refuse> | undefined> {
  const missing = await missingSecret(ports.table, caller.tenant, task);
  if (missing !== undefined) {
    const message = `there is no secret ${JSON.stringify(missing.secret)}: PUT /v1/secrets/${missing.secret} first`;
    const path = `fetch.secretHeaders.${missing.header}`;
    return refuse(422, 'No such secret', `${path}: ${message}`, [{ path, message }]);
  }
  if (task.fetch.robots === 'respect') return undefined;
  const { permissions } = await readTenant(ports.table, caller.tenant);
  if (permissions.includes('ignoreRobots')) return undefined;
  const message = 'expected "respect": "ignore" needs the permission ignoreRobots, which this tenant does not have';
  return refuse(403, 'Not permitted', `fetch.robots: ${message}`, [{ path: 'fetch.robots', message }]);
}

export async function createTask(
  ports: Ports,
  caller: Caller,
  task: TaskSpec,
  once?: Once,
  given?: string[],
): Promise<Outcome<TaskView>> {
  const no = await forbidden(ports, caller, task);
  if (no) return no;
  const before = await ports.table.get(taskKey(caller.tenant, task.name));
  const old = before && asTask(before);
  if (old && !old.deleted && isRepetition(old, once)) return ok(await viewed(ports, old, task));
  if (old && !old.deleted) return refuse(409, 'Task exists', `there is a task ${task.name} already: PUT a new version`);
  return writeVersion(ports, caller, { task, given }, old, once);
}

/** Has this very request been done before, its answer being lost? */
const isRepetition = (head: TaskRow, once?: Once): boolean => once !== undefined && head.by === once.seed;

export async function replaceTask(
  ports: Ports,
  caller: Caller,
  taskId: string,
  task: TaskSpec,
  ifMatch?: string,
  given?: string[],
): Promise<Outcome<TaskView>> {
  const head = await readHead(ports, caller.tenant, taskId);
  if (head === undefined) return noTask(taskId);
  if (task.name !== taskId) {
    const message = `expected ${JSON.stringify(taskId)}: the name is the task's identity; create another task`;
    return refuse(400, 'Invalid request', `name: ${message}`, [{ path: 'name', message }]);
  }
  const no = (await forbidden(ports, caller, task)) ?? mismatch(head, ifMatch);
  return no ?? writeVersion(ports, caller, { task, given }, head);
}

const mismatch = (head: TaskRow, ifMatch?: string): ReturnType<typeof refuse> | undefined => {
  if (ifMatch === undefined || ifMatch === '*' || ifMatch.split(',').some((tag) => tag.trim() === etagOf(head.version)))
    return undefined;
  return refuse(
    412,
    'Changed meanwhile',
    `the task is at ${etagOf(head.version)}, If-Match says ${ifMatch.slice(0, 80)}`,
  );
};

/** The next version after `old`; lost to a concurrent writer = 412. Versions of a deleted namesake are not reused. */
async function writeVersion(
  ports: Ports,
  caller: Caller,
  { task, given }: { task: TaskSpec; given: string[] | undefined },
  old: TaskRow | undefined,
  once?: Once,
): Promise<Outcome<TaskView>> {
  const now = ports.clock.now();
  const version = (old?.version ?? 0) + 1;
  const row: VersionRow = {
    ...versionKey(caller.tenant, task.name, version),
    kind: 'version',
    version,
    createdAt: now,
    task: JSON.stringify(task),
    ...(given && { given }),
  };
  await ports.table.put(asItem(row));
  const createdAt = old && !old.deleted ? old.createdAt : now;
  const head: TaskRow = {
    ...taskKey(caller.tenant, task.name),
    kind: 'task',
    tenant: caller.tenant,
    taskId: task.name,
    version,
    createdAt,
    updatedAt: now,
    ...(once && { by: once.seed }),
    ...(task.schedule && { scheduled: true }),
    ...((task.schedule !== undefined || isKeptOutside(old)) && toBePlaced(ports, caller.tenant, task.name)),
  };
  const unchanged: Condition = old ? { eq: ['version', old.version] } : { absent: 'pk' };
  const write = await ports.table.put(asItem(head), unchanged);
  const stored = write.item && asTask(write.item);
  if (write.ok || (stored?.version === version && stored.by !== undefined && stored.by === once?.seed)) {
    if (head.duePk !== undefined) await place(ports, head);
    return ok(await viewed(ports, head, task));
  }
  return refuse(412, 'Changed meanwhile', `task ${task.name} was changed by another request at the same time`);
}

export async function getTask(ports: Ports, caller: Caller, taskId: string): Promise<Outcome<TaskView>> {
  const head = await readHead(ports, caller.tenant, taskId);
  if (head === undefined) return noTask(taskId);
  return ok(await viewed(ports, head, await readTask(ports.table, caller.tenant, taskId, head.version)));
}

export async function listTasks(ports: Ports, caller: Caller, page: PageRequest): Promise<Outcome<PageOf<TaskView>>> {
  return paging(async () => {
    const found = await ports.table.query({ pk: tenantKey(caller.tenant).pk, prefix: TASK_PREFIX, ...page });
    const heads = found.items.map(asTask).filter((head) => !head.deleted);
    const items = await Promise.all(
      heads.map(async (head) =>
        viewed(ports, head, await readTask(ports.table, caller.tenant, head.taskId, head.version)),
      ),
    );
    return ok({ items, ...(found.cursor !== undefined && { nextCursor: found.cursor }) });
  });
}

/** Marks the task as deleted; runs and versions stay, since manifests refer to them. */
export async function deleteTask(
  ports: Ports,
  caller: Caller,
  taskId: string,
  ifMatch?: string,
): Promise<Outcome<void>> {
  const head = await readHead(ports, caller.tenant, taskId);
  if (head === undefined) return noTask(taskId);
  const no = mismatch(head, ifMatch);
  if (no) return no;
  const write = await ports.table.update(
    taskKey(caller.tenant, taskId),
    {
      set: {
        deleted: true,
        updatedAt: ports.clock.now(),
        ...(isKeptOutside(head) && toBePlaced(ports, caller.tenant, taskId)),
      },
    },
    { eq: ['version', head.version] },
  );
  if (write.ok && isKeptOutside(head)) await place(ports, head);
  return write.ok
    ? ok(undefined)
    : refuse(412, 'Changed meanwhile', `task ${taskId} was changed by another request at the same time`);
}

export async function listVersions(
  ports: Ports,
  caller: Caller,
  taskId: string,
  page: PageRequest,
): Promise<Outcome<PageOf<TaskVersionView>>> {
  const head = await readHead(ports, caller.tenant, taskId);
  if (head === undefined) return noTask(taskId);
  return paging(async () => {
    const { pk } = versionKey(caller.tenant, taskId, 1);
    const found = await ports.table.query({ pk, prefix: VERSION_PREFIX, reverse: true, ...page });
    const items = found.items
      .map(asVersion)
      .filter(({ version }) => version <= head.version)
      .map(({ version, createdAt, task }) => ({
        version,
        createdAt: iso(createdAt),
        task: JSON.parse(task) as TaskSpec,
      }));
    return ok({ items, ...(found.cursor !== undefined && { nextCursor: found.cursor }) });
  });
}

export async function rollbackTask(
  ports: Ports,
  caller: Caller,
  taskId: string,
  version: number,
  once?: Once,
): Promise<Outcome<TaskView>> {
  const head = await readHead(ports, caller.tenant, taskId);
  if (head === undefined) return noTask(taskId);
  if (isRepetition(head, once)) return getTask(ports, caller, taskId);
  const item = version <= head.version ? await ports.table.get(versionKey(caller.tenant, taskId, version)) : undefined;
  if (item === undefined) return refuse(404, 'No such version', `task ${taskId} has no version ${String(version)}`);
  const { task, given } = asVersion(item);
  return writeVersion(ports, caller, { task: JSON.parse(task) as TaskSpec, given }, head, once);
}
