/**
 * Who is to be told when a signal aborts. A worker's requests all have the same signal, and each listener of an `AbortSignal` is looked for
 * among all the others, when it comes and when it goes: so the signal itself has one.
 */
const told = new WeakMap<AbortSignal, Set<() => void>>();

/** @param act called once, when the signal aborts; not when it has already. */
export function onAbort(signal: AbortSignal, act: () => void): void {
  let acts = told.get(signal);
  if (acts === undefined) {
    const all = new Set<() => void>();
    acts = all;
    told.set(signal, all);
    const tell = (): void => {
      for (const each of all) each();
    };
    signal.addEventListener('abort', tell, { once: true });
  }
  acts.add(act);
}

export function offAbort(signal: AbortSignal, act: () => void): void {
  told.get(signal)?.delete(act);
}
