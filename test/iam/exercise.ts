/**
 * Everything the stack does, once and in seconds: each grant of the template is needed somewhere in here. It fails as soon
 * as IAM refuses a call, and when something does not come out as it must. A new function, resource or right gets its
 * scenario here; `test/iam/grants.test.ts` says which grant has none.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientOf } from '#cli/client.ts';
import { FUNCTIONS } from '#lambdas/contract.ts';
import { startEmbedded, type EmbeddedStack } from '#local/embedded.ts';
import { grantText } from '#local/iam-uses.ts';
import { startOrigin } from '#support/origin.ts';
import type { Gate } from './gate.ts';
import { crammed, crowded, switched } from './limits.ts';
import { inLine, mended, scheduled } from './mending.ts';
import { Owner } from './owner.ts';
import { LIST_BUCKET, pause, type Rig } from './rig.ts';
import { broken, crawled, lists, mapped, paced, redriven, steered } from './runs.ts';

/** Each stands alone on a stack of its own, and beside the others. */
export const SCENARIOS = {
  crawled,
  mapped,
  paced,
  lists,
  redriven,
  broken,
  steered,
  inLine,
  mended,
  scheduled,
  crowded,
  crammed,
  switched,
};
export type ScenarioName = keyof typeof SCENARIOS;
/**
 * Of one function. More only cost more starts; fewer than three, and the two scenarios that need a second worker while they
 * keep one waiting (`mended`, `crowded`) could wait for each other.
 */
const SANDBOXES_MAX = 4;
/** Longer than the slowest scenario on a busy machine. */
const PATIENCE_MS = 150_000;

/** When each grant was first what allowed a call, as `grantText` writes it: ms from the start of the stack. */
export type Uses = Map<string, number>;

/**
 * @param assembly of the local stage, with `LIST_BUCKET` open for lists.
 * @param only this scenario; absent = all of them.
 * @throws with the first refusal, or with what did not come out.
 */
export async function exercise(assembly: string, only?: ScenarioName): Promise<Uses> {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-exercise-'));
  const origin = await startOrigin({ pages: 7 });
  const gates: Gate[] = [];
  const uses: Uses = new Map();
  const begunAt = Date.now();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const going = new Set<string>();
  const late = setTimeout(
    () => failed.reject(new Error(`the exercise does not end: ${[...going].join(', ')}`)),
    PATIENCE_MS,
  );
  let stack: EmbeddedStack | undefined;
  let owner: Owner | undefined;
  try {
    stack = await startEmbedded({
      dataDir: join(dir, 'data'),
      port: 0,
      log: () => undefined,
      assembly,
      listBuckets: [LIST_BUCKET],
      concurrencyMax: SANDBOXES_MAX,
      onRefusal: (message) => failed.reject(new Error(message)),
      onUse(grant) {
        if (!uses.has(grantText(grant))) uses.set(grantText(grant), Date.now() - begunAt);
      },
    });
    owner = new Owner(stack.world);
    const client = clientOf({ api: stack.apiUrl, key: stack.key, sleep: pause, chance: Math.random });
    const used = (holder: string, action: string): boolean =>
      [...uses.keys()].some((text) => text.startsWith(holder) && text.split(' ')[1] === action);
    const rig: Rig = { stack, owner, client, origin, dir, gates, used };
    const play = async (name: ScenarioName): Promise<void> => {
      going.add(name);
      await SCENARIOS[name](rig);
      going.delete(name);
    };
    await Promise.race([failed.promise, only === undefined ? all(play).then(() => logged(dir)) : play(only)]);
    return uses;
  } finally {
    clearTimeout(late);
    owner?.close();
    await stack?.close();
    await Promise.all([origin, ...gates].map((server) => server.close()));
    rmSync(dir, { recursive: true, force: true });
  }
}

async function all(play: (name: ScenarioName) => Promise<void>): Promise<void> {
  const names = Object.keys(SCENARIOS) as ScenarioName[];
  // One after the other: each wants its own sweep to find what it left.
  const sweeping = play('inLine').then(() => play('mended'));
  await Promise.all([sweeping, ...names.filter((name) => name !== 'inLine' && name !== 'mended').map(play)]);
}

function logged(dir: string): void {
  for (const name of FUNCTIONS) {
    const file = join(dir, 'data', 'logs', `${name}.log`);
    if (!existsSync(file) || readFileSync(file).length === 0) throw new Error(`${name} has written no log`);
  }
}
