/**
 * Between an invocation and its ports: every call takes time, and may fail before or after its effect, or be the last thing
 * its caller does.
 */
import type { Objects, ShardQueue, Table, Orchestrator, DeadMessages, Signer, Key } from '#core/ports.ts';
import { NEVER, PortTrouble, type Actor } from './actor.ts';
import { asOldRelease } from './old-release.ts';
import type { PortName, Trouble } from './faults.ts';
import type { History } from './history.ts';
import type { MemoryObjects } from './memory-objects.ts';
import type { MemoryTable } from './memory-table.ts';
import type { VirtualClock } from './virtual-clock.ts';

export class Wire {
  readonly #clock: VirtualClock;
  readonly #trouble: Trouble;
  readonly #history: History;
  /** Whose call takes effect in this moment. */
  acting: Actor | undefined;

  constructor(clock: VirtualClock, trouble: Trouble, history: History) {
    this.#clock = clock;
    this.#trouble = trouble;
    this.#history = history;
  }

  /** @param effect takes place in one turn: whatever it does must be done when it returns. */
  call<T>(
    actor: Actor,
    port: PortName,
    code: string,
    facts: () => string,
    effect: () => Promise<T>,
    isTurn = false,
  ): Promise<T> {
    if (actor.isGone) return NEVER();
    const clock = this.#clock;
    const fate = this.#trouble.fate(port, clock.now(), isTurn);
    if (fate.error !== undefined || fate.extraMs > 0) actor.troubles.push({ at: clock.now(), extraMs: fate.extraMs });
    if (fate.stalls) actor.stall(clock.now() + fate.extraMs);
    const fateCode = fate.dies
      ? ' †'
      : fate.error === undefined
        ? fate.againMs === undefined
          ? ''
          : ' !repeated'
        : ` !${fate.error}`;
    this.#history.add(clock.now(), actor, `${code}${fateCode}`, facts);
    if (fate.dies) actor.die('killed');
    return new Promise<T>((resolve, reject) => {
      const land = (): void => {
        if (actor.isGone && !fate.lands) return;
        if (fate.againMs !== undefined) {
          this.#take(actor, effect).catch(() => undefined);
          clock.at(clock.now() + fate.againMs, arrive);
        } else arrive();
      };
      const arrive = (): void => {
        const done = fate.error === 'unsent' ? undefined : this.#take(actor, effect);
        done?.catch(() => undefined);
        const answer = (): void => {
          if (actor.isGone) return;
          if (actor.awakeAtMs > clock.now()) clock.at(actor.awakeAtMs, answer);
          else if (fate.error !== undefined) reject(new PortTrouble(`${code}: ${fate.error}`));
          else if (done) done.then(resolve, reject);
        };
        if (actor.isGone) return;
        if (fate.afterMs === 0) answer();
        else clock.at(clock.now() + fate.afterMs, answer);
      };
      if (fate.beforeMs === 0) land();
      else clock.at(clock.now() + fate.beforeMs, land);
    });
  }

  #take<T>(actor: Actor, effect: () => Promise<T>): Promise<T> {
    this.acting = actor;
    try {
      return effect();
    } finally {
      this.acting = undefined;
    }
  }
}

const short = ({ pk, sk }: Key): string => `${pk.slice(-6)}/${sk.slice(0, 40)}`;

export function tableOf(wire: Wire, actor: Actor, port: 'table' | 'pace', raw: MemoryTable): Table {
  const table = actor.isOld ? asOldRelease(raw) : raw;
  const call = <T>(code: string, facts: () => string, effect: () => Promise<T>, isTurn?: boolean): Promise<T> =>
    wire.call(actor, port, `${port}.${code}`, facts, effect, isTurn);
  return {
    get: (key) =>
      call(
        'get',
        () => short(key),
        () => table.get(key),
      ),
    put: (item, condition) =>
      call(
        'put',
        () => `${short(item)} ${brief(item)}${asked(condition)}`,
        () => table.put(item, condition),
      ),
    update: (key, change, condition) =>
      call(
        'update',
        () => `${short(key)} ${brief(change)}${asked(condition)}`,
        () => table.update(key, change, condition),
        change.set?.state !== undefined,
      ),
    delete: (key, condition) =>
      call(
        'delete',
        () => `${short(key)}${asked(condition)}`,
        () => table.delete(key, condition),
      ),
    query: (query) =>
      call(
        'query',
        () => `${query.pk.slice(-12)} ${query.prefix ?? ''}`,
        () => table.query(query),
      ),
    due: (pk, until, limit) =>
      call(
        'due',
        () => pk,
        () => table.due(pk, until, limit),
      ),
    list: (pk, options) =>
      call(
        'list',
        () => pk,
        () => table.list(pk, options),
      ),
  };
}

const brief = (value: object): string =>
  JSON.stringify(value, (_, each: unknown) => (each instanceof Uint8Array ? [...each] : each)).slice(0, 400);
const asked = (condition: object | undefined): string =>
  condition === undefined ? '' : ` if ${JSON.stringify(condition)}`;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function objectsOf(wire: Wire, actor: Actor, objects: MemoryObjects): Objects {
  const call = <T>(code: string, key: string, effect: () => Promise<T>): Promise<T> =>
    wire.call(actor, 'objects', `objects.${code}`, () => key.slice(key.lastIndexOf('runs/') + 5 + 26), effect);
  const linesOf = async (key: string): Promise<string[]> => {
    const text = decoder.decode(await call('readLines', key, () => objects.readBytes(key)));
    return text.split('\n').filter((line) => line !== '');
  };
  return {
    // The lines come from the caller, who may die on the way; the object then never is.
    writeLines: async (key, lines) => {
      const all: string[] = [];
      for await (const line of lines) all.push(`${line}\n`);
      const stored = await call('writeLines', key, () => objects.writeBytes(key, encoder.encode(all.join(''))));
      return { ...stored, lines: all.length };
    },
    writeText: (key, pieces) => call('writeText', key, () => objects.writeText(key, pieces)),
    readLines: async function* (key) {
      yield* await linesOf(key);
    },
    readBatches: async function* (key) {
      yield await linesOf(key);
    },
    writeBytes: (key, body) => call('writeBytes', key, () => objects.writeBytes(key, body)),
    readBytes: (key) => call('readBytes', key, () => objects.readBytes(key)),
    exists: (key) => call('exists', key, () => objects.exists(key)),
    delete: (key) => call('delete', key, () => objects.delete(key)),
    list: (prefix, max) => call('list', prefix, () => objects.list(prefix, max)),
    readUrl: (key) => objects.readUrl(key),
    writeUrl: (key) => objects.writeUrl(key),
    readForeignBatches: (bucket, key) => objects.readForeignBatches(bucket, key),
  };
}

export const queueOf = (wire: Wire, actor: Actor, queue: ShardQueue): ShardQueue => ({
  send: (messages, delaySeconds = 0) => {
    if (messages.length === 0) return Promise.resolve();
    const facts = (): string => `${messages.map(({ shardId }) => shardId).join(' ')} in ${String(delaySeconds)} s`;
    return wire.call(actor, 'queue', 'queue.send', facts, () => queue.send(messages, delaySeconds));
  },
});

export const deadMessagesOf = (wire: Wire, actor: Actor, dead: DeadMessages): DeadMessages => ({
  receive: () =>
    wire.call(
      actor,
      'dead',
      'dead.receive',
      () => '',
      () => dead.receive(),
    ),
  drop: (receipt) =>
    wire.call(
      actor,
      'dead',
      'dead.drop',
      () => receipt,
      () => dead.drop(receipt),
    ),
});

export const orchestratorOf = (wire: Wire, actor: Actor, machine: Orchestrator): Orchestrator => ({
  start: (tenant, runId, attempt) =>
    wire.call(
      actor,
      'orchestrator',
      'machine.start',
      () => `${runId.slice(-6)} ${String(attempt)}`,
      () => machine.start(tenant, runId, attempt),
    ),
  wake: (token, output) =>
    wire.call(
      actor,
      'orchestrator',
      'machine.wake',
      () => `${token} ${JSON.stringify(output)}`,
      () => machine.wake(token, output),
    ),
  status: (tenant, runId, attempt) =>
    wire.call(
      actor,
      'orchestrator',
      'machine.status',
      () => `${runId.slice(-6)} ${String(attempt)}`,
      () => machine.status(tenant, runId, attempt),
    ),
});

export const signerFor = (wire: Wire, actor: Actor, signer: Signer): Signer => ({
  sign: (bytes) =>
    wire.call(
      actor,
      'signer',
      'signer.sign',
      () => '',
      () => signer.sign(bytes),
    ),
});
