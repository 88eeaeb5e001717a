/** Every method answers by promise. */
type Promising<P> = { [K in keyof P]: (...given: never[]) => Promise<unknown> };

/**
 * A port whose code, and the SDK's behind it, is loaded when one of its methods is first called: for what most invocations of a
 * function have no use for.
 */
export function onFirstUse<P extends Promising<P>>(load: () => Promise<P>): P {
  let loading: Promise<P> | undefined;
  const call =
    (name: keyof P) =>
    async (...given: never[]): Promise<unknown> =>
      (await (loading ??= load()))[name](...given);
  // Whoever awaits the port must not take it for a promise.
  return new Proxy({} as P, { get: (_, name) => (name === 'then' ? undefined : call(name as keyof P)) });
}
