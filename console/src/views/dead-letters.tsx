import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';
import Link from '@cloudscape-design/components/link';
import { useState } from 'react';
import { call } from '../api.ts';
import { instant } from '../format.ts';
import type { DeadLetter, DeadLetterPage, DeadLettersRedriven } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive } from '../live.ts';
import { ConfirmButton } from '../parts/confirm.tsx';
import { Empty, Shown } from '../parts/states.tsx';
import { linkTo } from '../router.ts';

export function View() {
  const { t, language } = useSpeech();
  const letters = useLive<DeadLetterPage>('dead-letters', 10_000, { limit: 200 });
  const [selected, setSelected] = useState<DeadLetter[]>([]);
  const redrive = async (): Promise<string> => {
    const ids = selected.map(({ id }) => id);
    const done = await call<DeadLettersRedriven>('dead-letters/redrive', { method: 'POST', body: { ids } });
    setSelected([]);
    letters.refresh();
    return t('dead.done', { redriven: done.redriven.length, refused: done.refused.length });
  };
  return (
    <Shown live={letters}>
      {({ items }) => (
        <Table
          items={items}
          trackBy="id"
          wrapLines
          selectionType="multi"
          selectedItems={selected}
          onSelectionChange={({ detail }) => setSelected(detail.selectedItems)}
          ariaLabels={{
            tableLabel: t('dead.title'),
            selectionGroupLabel: t('dead.title'),
            allItemsSelectionLabel: () => t('alerts.all'),
            itemSelectionLabel: (_, item) => item.url ?? item.id,
          }}
          header={
            <Header
              variant="h1"
              actions={
                <ConfirmButton
                  text={t('dead.redrive')}
                  title={t('dead.redrive')}
                  disabled={selected.length === 0}
                  act={redrive}
                >
                  {t('dead.redriveText')}
                </ConfirmButton>
              }
            >
              {t('dead.title')}
            </Header>
          }
          empty={<Empty text={t('dead.empty')} />}
          columnDefinitions={[
            { id: 'kind', header: t('dead.kind'), cell: ({ kind }) => kind },
            {
              id: 'url',
              header: t('common.url'),
              isRowHeader: true,
              cell: ({ url }) => <span className="wrap">{url ?? '–'}</span>,
            },
            { id: 'run', header: t('dead.run'), cell: ({ runId }) => <Link href={linkTo('run', runId)}>{runId}</Link> },
            { id: 'detail', header: t('common.detail'), cell: ({ detail }) => detail },
            { id: 'at', header: t('common.when'), cell: ({ at }) => instant(at, language) },
          ]}
        />
      )}
    </Shown>
  );
}
