/** What must always hold, each with a name and one sentence. The checks stand in the `check-….ts` files beside this one. */
export const INVARIANTS = {
  targetsKept: 'Every target that the source or a collected page names is in the ledger, and nothing else is.',
  oneBucket: 'A target stands in the ledger exactly once; that it was named again is told by duplicate lines.',
  rightBucket: 'A target is in a bucket that the site, the task or what was asked of the run gives reason for.',
  recordsOnce:
    'A manifest holds every record of every collected target exactly once, as it was extracted, and no other.',
  filesExist: 'Every file that a manifest names exists with the size, lines and hash it says, and the signature fits.',
  countsAgree: 'After every write a shard’s counts, its done bits and the lines of its ledger objects say the same.',
  totalsAgree: 'A manifest’s totals are the sums over its ledger, and nothing is pending.',
  discoveredKept: 'What a run has discovered never becomes less.',
  commitNamesObjects: 'A commit names objects that are there at that moment, with the hashes it says.',
  commitByOwner: 'Only the owner of a shard’s current epoch appends to its commits.',
  epochsRise: 'The epoch of a shard and of a plan never falls, and every taking raises it.',
  claimFree: 'A worker takes a shard only when nobody has it or the lease has run out.',
  doneStaysDone: 'A target that has an end keeps it, unless a redrive tries a failed one again.',
  shardArrows: 'A shard moves only as its state machine says.',
  runArrows: 'A run moves only along the arrows of its state machine.',
  endedByOwn: 'Only the execution that carries a run moves it to its end.',
  fetchedOnce: 'The owner of a shard never asks for a target again whose end is committed.',
  attemptsKept:
    'A target is asked for no more often than its task allows, and once more of each for every lease that was lost.',
  refetchBounded: 'What a worker has fetched and not committed is no older than one batch may be.',
  restKept: 'No request leaves later than 5 s after a run was stopped, paused or ended, beyond what ports delay.',
  sweepIdle: 'Where nothing goes wrong nothing waits for the sweep: it sends and wakes nobody.',
  runEnds: 'When faults have ceased every run comes to its end, and to rest.',
  oneRunPerTask: 'Of a task whose runs may not overlap one run at most is at work.',
  quotaKept: 'No more runs of a tenant are at work than its quota allows.',
  concurrencyKept:
    'A run never has more requests in flight on a host than its task allows, as long as no lease is lost.',
  slotsApart: 'Two reservations of a host’s pace never overlap, and requests keep the distance.',
  paceEpochs: 'Of several who steer a host’s pace at once one does, and its feedback counts once.',
  onceCreatesOne: 'All requests with one idempotency key create one run at most.',
  orphansGone: 'When a run is settled, lost leases and lost plans have left no objects behind.',
  nothingSpins: 'No step waits by going round in circles: it would let nothing else happen.',
  onlyTrouble: 'A step fails only when one of its ports did.',
} as const;
export type InvariantName = keyof typeof INVARIANTS;
export interface Violation {
  name: InvariantName;
  text: string;
}
export const violation = (name: InvariantName, text: string): Violation => ({ name, text });
