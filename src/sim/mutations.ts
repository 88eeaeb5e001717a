/**
 * Bugs that are planted to see whether the simulation finds them: each is one change of the core's source, made while the
 * simulator is bundled. A place that is no longer found exactly once is an error, so the list keeps up with the code.
 */
export interface Mutation {
  name: string;
  /** Under `src/core`. */
  file: string;
  find: string;
  replace: string;
  /** What it breaks. */
  breaks: string;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'commit-without-epoch',
    file: 'shard.ts',
    find: "const owned = (epoch: number): Condition => ({ all: [is('LEASED'), { eq: ['epoch', epoch] }] });",
    replace: "const owned = (_epoch: number): Condition => is('LEASED');",
    breaks: 'a worker whose lease was taken over still commits, renews and releases',
  },
  {
    name: 'commit-before-part',
    file: 'work/batch.ts',
    find: "batch.records.lines > 0 ? objects.writeText(file('records'), batch.records.pieces, 'kept') : undefined,",
    replace:
      "batch.records.lines === 0 ? undefined : ((w) => (w.catch(() => 0), { bytes: 0, sha256: '' }))(objects.writeText(file('records'), batch.records.pieces, 'kept')),",
    breaks: 'the row names a part that is not yet written',
  },
  {
    name: 'claim-without-condition',
    file: 'shard.ts',
    find: "any: [is('READY', 'PARKED'), { all: [is('LEASED'), { lt: ['leaseUntil', event.at] }] }],",
    replace: "any: [is('READY', 'PARKED', 'LEASED')],",
    breaks: 'any message takes the shard from a worker that lives',
  },
  {
    name: 'lease-taken-early',
    file: 'shard.ts',
    find: "{ lt: ['leaseUntil', event.at] }",
    replace: "{ lt: ['leaseUntil', event.at + LEASE_MS / 2] }",
    breaks: 'a lease is taken over before it has run out',
  },
  {
    name: 'claim-keeps-epoch',
    file: 'shard.ts',
    find: 'add: { epoch: 1, ...(tries === 1 && { tries }) } };',
    replace: 'add: { epoch: 0, ...(tries === 1 && { tries }) } };',
    breaks: 'two owners share one epoch',
  },
  {
    name: 'counter-decides',
    file: 'store.ts',
    find: "for await (const shard of shardsOf(table, run, round)) if (shard.state !== 'DONE') return false;\n  return true;",
    replace: 'await Promise.resolve(table);\n  return run.doneHint >= round.shards;',
    breaks: 'a counter instead of the rows says that a round is done',
  },
  {
    name: 'done-bits-not-set',
    file: 'work/batch.ts',
    find: 'done: withSet(shard.done, batch.indexes),',
    replace: 'done: withSet(shard.done, []),',
    breaks: 'what is committed is fetched again',
  },
  {
    name: 'retries-dropped',
    file: 'work/batch.ts',
    find: '      retries,\n',
    replace: '      retries: {},\n',
    breaks: 'a parked shard forgets the attempts behind its targets',
  },
  {
    name: 'park-without-message',
    file: 'steps/work.ts',
    find: 'await ports.queue.send([message(shardId)], Math.min(Math.max(waitSeconds, 0), DELAY_SECONDS_MAX));',
    replace: 'await Promise.resolve(waitSeconds);',
    breaks: 'a parked shard waits for the sweep',
  },
  {
    name: 'finish-does-not-fence',
    file: 'steps/finish.ts',
    find: "if (shard.state !== 'DONE') await cancelling.run(() => cancelShard(ports, run, shard));",
    replace:
      "if (shard.state !== 'DONE' && shard.state !== 'LEASED') await cancelling.run(() => cancelShard(ports, run, shard));",
    breaks: 'the end of a run leaves shards to workers that may be dead',
  },
  {
    name: 'plan-committed-twice',
    file: 'run.ts',
    find: "          { eq: ['planEpoch', epoch] },\n          { eq: ['roundCount', round.round] },\n",
    replace: "          { le: ['planEpoch', epoch + 1_000] },\n",
    breaks: 'two planners of one round both commit their plans',
  },
  {
    name: 'next-lane-after-done',
    file: 'work/session.ts',
    find: "if (after.kind === 'done' && !this.#isOvertaken) await this.#input.attempts.beforeDone(this.#shard);\n    if (!(await this.#commit(after))) return { kind: 'leaseLost' };",
    replace:
      "if (!(await this.#commit(after))) return { kind: 'leaseLost' };\n    if (after.kind === 'done' && !this.#isOvertaken) await this.#input.attempts.beforeDone(this.#shard);",
    breaks: 'a worker that dies after its last commit leaves its lane standing still',
  },
  {
    name: 'stop-not-checked',
    file: 'work/control.ts',
    find: "if (run?.state !== 'RUNNING') {",
    replace: 'if (run === undefined) {',
    breaks: 'workers go on when their run is stopped or paused',
  },
  {
    name: 'sweep-forgets-leases',
    file: 'steps/sweep.ts',
    find: "if (!mine.ok || run.state !== 'RUNNING') return 0;",
    replace: "if (!mine.ok || run.state !== 'RUNNING' || shard.state === 'LEASED') return 0;",
    breaks: 'what a dead worker held is never sent again',
  },
  {
    name: 'sweep-forgets-executions',
    file: 'steps/sweep.ts',
    find: 'if (!claimed.ok) return;',
    replace: 'if (claimed.ok || !claimed.ok) return;',
    breaks: 'a run whose execution is gone is not taken up again',
  },
  {
    name: 'window-never-shrinks',
    file: 'work/suspicion.ts',
    find: 'Math.max(1, Math.ceil(pending / 2 ** levelOf(tries)));',
    replace: 'Math.max(1, pending);',
    breaks: 'a poisoned target is never alone, and somebody else is condemned',
  },
  {
    name: 'dead-plans-count',
    file: 'store.ts',
    find: 'prefix: planPrefix(round.round, round.plan) };',
    replace: 'prefix: planPrefix(round.round, round.plan).slice(0, 6) };',
    breaks: 'shards of plans that were never committed count',
  },
  {
    name: 'links-not-remembered',
    file: 'steps/merge.ts',
    find: 'if (identity !== undefined && seen.add(identity)) yield line;',
    replace: 'if (identity !== undefined && !seen.has(identity)) yield line;',
    breaks: 'a page that two pages name is planned twice',
  },
  {
    name: 'manifest-skips-the-last',
    file: 'manifest.ts',
    find: 'return r === undefined ? [] : [',
    replace: 'return r === undefined || commit.q > 2 ? [] : [',
    breaks: 'parts are missing from the manifest',
  },
  {
    name: 'stop-wakes-nobody',
    file: 'stop.ts',
    find: "if (run.state === 'FINALIZING') return",
    replace: "if (run.state === 'FINALIZING' && run.doneHint < 0) return",
    breaks: 'nobody tells the state machine that its run was stopped',
  },
  {
    name: 'commit-made-twice',
    file: 'shard.ts',
    find: "{ all: [owned(event.epoch), { eq: ['seq', event.seq] }] }",
    replace: 'owned(event.epoch)',
    breaks: 'a commit whose answer was lost is made a second time',
  },
  {
    name: 'claim-of-another',
    file: 'work/claim.ts',
    find: "shard?.state === 'LEASED' && shard.owner === owner ?",
    replace: "shard?.state === 'LEASED' ?",
    breaks: 'a worker that lost the claim believes to have won it',
  },
  {
    name: 'old-execution-ends-run',
    file: 'run.ts',
    find: "condition: all(is(...LIVE_STATES), { eq: ['attempt', event.attempt] }),\n      };\n    case 'end':",
    replace: "condition: is(...LIVE_STATES),\n      };\n    case 'end':",
    breaks: 'an execution that was given up ends the run that its successor carries',
  },
  {
    name: 'resume-sends-nothing',
    file: 'service/control.ts',
    find: 'await sendOpen(ports, run, allShards(ports.table, run));',
    replace: '',
    breaks: 'a resumed run waits for the sweep',
  },
  {
    name: 'sends-ready-only',
    file: 'send.ts',
    find: "if (state === 'DONE' || state === 'WAITING') continue;",
    replace: "if (state !== 'READY') continue;",
    breaks: 'parked shards are not sent when a run goes on',
  },
  {
    name: 'redrive-keeps-failed-lines',
    file: 'redrive.ts',
    find: '    } else kept.push(text);',
    replace: '    }\n    kept.push(text);',
    breaks: 'a target that is tried again stands in the ledger twice',
  },
  {
    name: 'orphans-stay',
    file: 'settle.ts',
    find: 'for (const key of orphans) await deleting.run(() => ports.objects.delete(key));',
    replace: '',
    breaks: 'what lost leases left behind is never deleted',
  },
  {
    name: 'lost-plans-stay',
    file: 'settle.ts',
    find: 'filter((epoch) => !rounds.some(({ plan }) => plan === epoch))',
    replace: 'filter((epoch) => rounds.some(({ plan }) => plan === epoch) && epoch < 0)',
    breaks: 'what planners that died had written is never deleted',
  },
  {
    name: 'lock-dropped-by-anyone',
    file: 'run-lock.ts',
    find: "{ all: [{ eq: ['holder', ref.runId] }, { eq: ['token', token] }] },\n  );",
    replace: "{ le: ['token', token + 1_000] },\n  );",
    breaks: 'who comes late lets go of the lock of another run',
  },
  {
    name: 'lock-not-asked',
    file: 'run-lock.ts',
    find: 'if (!own && !(await isOver(ports, ref.tenant, lock)))',
    replace: 'if (!own && !(await isOver(ports, ref.tenant, lock)) && lock.token > 1_000)',
    breaks: 'a start takes the lock from a run that lives',
  },
  {
    name: 'idempotency-ignored',
    file: 'service/ids.ts',
    find: 'once === undefined',
    replace: 'once === undefined || once.at > 0',
    breaks: 'a start that is repeated creates another run',
  },
  {
    name: 'slots-reset',
    file: 'pace/reservation.ts',
    find: "{ any: [{ absent: 'tat' }, { lt: ['tat', ask.nowUs] }] };",
    replace: "{ any: [{ absent: 'tat' }, { present: 'tat' }] };",
    breaks: 'a full timeline is begun anew instead of waited for',
  },
  {
    name: 'split-keeps-shares',
    file: 'work/split.ts',
    find: 'Math.floor(share / 2 ** splits);',
    replace: 'Math.floor(share / 2 ** (splits * 0));',
    breaks: 'two halves of a stream each ask a host as if there were no other',
  },
  {
    name: 'laggards-keep-shares',
    file: 'work/share.ts',
    find: 'shard.lags === true ? 1 : share - (shard.beside?.length ?? 0)',
    replace: 'share',
    breaks: 'a stream goes on beside its laggards as if there were none',
  },
  {
    name: 'activated-twice',
    file: 'shard.ts',
    find: "condition: is('WAITING'),\n      };\n    case 'mark':",
    replace: "condition: is('WAITING', 'PARKED', 'LEASED'),\n      };\n    case 'mark':",
    breaks: 'a shard that somebody is at is begun once more',
  },
];
