/** Data of the API in components: asked once or watched, with the states that every view shows. */
import { useCallback, useEffect, useState } from 'react';
import { ask, Refused, type Call } from './api.ts';
import { after, polling, Spacing, waitMs, type Outcome } from './polling.ts';

export interface Live<T> {
  value: T | undefined;
  error: Refused | undefined;
  loading: boolean;
  /** Looks again at once. */
  refresh(): void;
}

const spacing = new Spacing();
const refusalOf = (error: unknown): Refused =>
  error instanceof Refused ? error : new Refused(0, { detail: String(error) });

interface Held<T> {
  path: string | undefined;
  value?: T;
  error?: Refused | undefined;
}

/**
 * @param path undefined = nothing is asked for.
 * @param everyMs undefined = asked once. What was shown stays while a later look fails.
 */
export function useLive<T>(path: string | undefined, everyMs?: number, query?: Call['query']): Live<T> {
  const full = path === undefined ? undefined : `${path} ${JSON.stringify(query ?? {})}`;
  const [held, setHeld] = useState<Held<T>>({ path: full });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (path === undefined) return undefined;
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let etag: string | undefined;
    let state = polling(everyMs ?? 0);
    const look = async (): Promise<void> => {
      let outcome: Outcome = 'same';
      try {
        const answer = await ask<T>(path, { signal: gone.signal, ...(query && { query }) }, etag);
        if (gone.signal.aborted) return;
        if (answer.changed) {
          ({ etag } = answer);
          outcome = 'changed';
          setHeld({ path: full, value: answer.value });
        } else setHeld((before) => (before.error === undefined ? before : { ...before, error: undefined }));
      } catch (error) {
        if (gone.signal.aborted) return;
        outcome = 'failed';
        const refusal = refusalOf(error);
        setHeld((before) => ({
          path: full,
          ...(before.path === full && { value: before.value as T }),
          error: refusal,
        }));
        if (refusal.status >= 400 && refusal.status < 500 && refusal.status !== 429) return;
      }
      state = after(state, outcome);
      if (everyMs !== undefined) later(waitMs(state));
    };
    const later = (ms: number): void => {
      timer = setTimeout(() => {
        if (document.hidden) later(1000);
        else timer = setTimeout(() => void look(), spacing.take(performance.now()));
      }, ms);
    };
    // The first look of a view does not wait for its turn: it is what the user came for.
    spacing.take(performance.now());
    void look();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
    // `full` stands for path and query.
  }, [full, everyMs, turn]);
  const refresh = useCallback(() => setTurn((before) => before + 1), []);
  const current = held.path === full;
  return {
    value: current ? held.value : undefined,
    error: current ? held.error : undefined,
    loading: full !== undefined && !(current && (held.value !== undefined || held.error !== undefined)),
    refresh,
  };
}
