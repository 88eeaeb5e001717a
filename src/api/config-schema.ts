/** A tenant's defaults: the parts of a task document that they may fill, by the same rules, with every field optional. */
import * as z from 'zod';
import type { Defaults } from '#core/defaults.ts';
import { alertsSchema, fetchSchema, limitsSchema, paceSchema, retrySchema } from './task-schema.ts';
import { oneOf, strict } from './task-values.ts';

/** The same fields without their defaults: what a configuration does not name, it leaves alone. */
function open(schema: z.ZodObject) {
  const fields = Object.entries(schema.shape).map(([name, field]): [string, z.ZodType] => [
    name,
    field instanceof z.ZodDefault ? (field.unwrap() as z.ZodType).exactOptional() : (field as z.ZodType),
  ]);
  return strict(Object.fromEntries(fields)).exactOptional();
}

export const configSchema = strict({
  fetch: open(fetchSchema),
  pace: open(paceSchema),
  retry: open(retrySchema),
  limits: open(limitsSchema),
  alerts: open(alertsSchema),
  priority: oneOf(['low', 'normal', 'high']).exactOptional(),
}) as unknown as z.ZodType<Defaults>;
