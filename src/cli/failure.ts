/** An end that is the user's to mend: its message is printed as it stands and the command exits 1. Anything else thrown is a bug. */
export class Failure extends Error {
  override readonly name: string = 'Failure';
}

/** What a thrown value says, with the causes below it (fetch hides the reason of a broken connection in one). */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const parts = [error.message];
  if (error instanceof AggregateError) parts.push(...error.errors.slice(0, 1).map(reasonOf));
  if (error.cause !== undefined) parts.push(reasonOf(error.cause));
  return parts.filter((part, i) => part !== '' && parts.indexOf(part) === i).join(': ');
}

export const codeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : codeOf(error.cause);
};
