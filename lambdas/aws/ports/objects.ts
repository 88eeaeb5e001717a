import type { Context } from '#core/context.ts';
import { LineObjects } from '#storage/line-objects.ts';
import { billing } from '../billing.ts';
import { onFirstUse } from '../first-use.ts';

export const resultObjects = (env: { RESULTS_BUCKET: string }): Pick<Context, 'objects'> => ({
  objects: new LineObjects(
    onFirstUse(async () => {
      const [{ S3Blobs }, { s3Client }] = await Promise.all([import('../blobs.ts'), import('../clients/s3.ts')]);
      return new S3Blobs(billing.watch(s3Client()), env.RESULTS_BUCKET);
    }),
  ),
});
