import Link from '@cloudscape-design/components/link';
import Table from '@cloudscape-design/components/table';
import type { ReactNode } from 'react';
import { useSpeech } from '../i18n/language.tsx';
import { Empty } from './states.tsx';

interface Row {
  url: string;
  data: { [field: string]: unknown };
}
const FIELDS_MAX = 12;
const CHARS_MAX = 160;
const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}…` : text;
};

/** Records with a column for each field that any of them has. */
export function RecordTable({
  records,
  empty,
  footer,
}: {
  records: readonly Row[];
  empty: string;
  footer?: ReactNode;
}) {
  const { t } = useSpeech();
  const fields = [...new Set(records.flatMap(({ data }) => Object.keys(data)))].slice(0, FIELDS_MAX);
  return (
    <Table
      items={records}
      wrapLines
      ariaLabels={{ tableLabel: t('runs.records') }}
      empty={<Empty text={empty} />}
      footer={footer}
      columnDefinitions={[
        {
          id: 'url',
          header: t('common.url'),
          minWidth: 200,
          isRowHeader: true,
          cell: ({ url }) => (
            <Link href={url} target="_blank" rel="noreferrer">
              <span className="wrap">{url}</span>
            </Link>
          ),
        },
        ...fields.map((field) => ({
          id: `f-${field}`,
          header: field,
          minWidth: 100,
          cell: ({ data }: Row) => <span className="wrap">{shown(data[field])}</span>,
        })),
      ]}
    />
  );
}
