/** Every method answers by promise. */
type Promising<P> = { [K in keyof P]: (...given: never[]) => Promise<unknown> };

/**
 * A port whose code, and the SDK's behind it, is loaded when one of its methods is first called: for what most invocations of a
 * function have no use for.
 */
export function onFirstUse<P extends Promising<P>>(load: () => Promise<P>): P {
  const loaded = once(load);
  const call =
    (name: keyof P) =>
    async (...given: never[]): Promise<unknown> =>
      (await loaded())[name](...given);
  // Whoever awaits the port must not take it for a promise.
  return new Proxy({} as P, { get: (_, name) => (name === 'then' ? undefined : call(name as keyof P)) });
}

/** What was loaded, for ever; a failure only for those who waited for it. */
export function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () =>
    (loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    }));
}
