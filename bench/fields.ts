/** The task that everybody is given: title, headings, links, absolute. */
import type { ExtractSpec } from '#core/task.ts';

export const TASK_FIELDS: ExtractSpec['fields'] = {
  title: 'title',
  heads: { css: 'h1, h2', all: true },
  links: { css: 'a[href]', attr: 'href', as: 'url', all: true },
};
