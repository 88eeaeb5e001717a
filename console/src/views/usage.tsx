import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { bytes, count, usd } from '../format.ts';
import type { Usage } from '../generated/api.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useLive } from '../live.ts';
import { Bars } from '../parts/charts.tsx';
import { Shown } from '../parts/states.tsx';

type Day = Usage['days'][number];

export function View() {
  const { t, language } = useSpeech();
  const usage = useLive<Usage>('usage', 60_000);
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{t('usage.title')}</Header>
      <Shown live={usage}>
        {({ days, total, prices }) => (
          <SpaceBetween size="l">
            <Container header={<Header variant="h2">{t('usage.perDay')}</Header>}>
              <Bars
                label={t('usage.perDay')}
                values={days.map(({ day, targets }) => ({ name: day, value: targets }))}
              />
            </Container>
            <Table<Day>
              items={[
                { day: t('usage.total'), ...total },
                ...days.filter(({ targets, costUsd }) => targets > 0 || costUsd > 0).reverse(),
              ]}
              ariaLabels={{ tableLabel: t('usage.title') }}
              header={
                <Header variant="h2" description={t('usage.prices', prices)}>
                  {t('runs.cost')}
                </Header>
              }
              columnDefinitions={[
                { id: 'day', header: t('usage.day'), isRowHeader: true, cell: ({ day }) => day },
                { id: 'targets', header: t('usage.targets'), cell: ({ targets }) => count(targets, language) },
                { id: 'records', header: t('runs.records'), cell: ({ records }) => count(records, language) },
                { id: 'bytes', header: t('usage.bytes'), cell: (day) => bytes(day.bytes, language) },
                { id: 'cost', header: t('runs.cost'), cell: ({ costUsd }) => usd(costUsd, language) },
                ...(['lambda', 'dynamodb', 's3', 'sqs', 'stepFunctions'] as const).map((service) => ({
                  id: service,
                  header: service,
                  cell: ({ costByService }: Day) => usd(costByService[service], language),
                })),
              ]}
            />
          </SpaceBetween>
        )}
      </Shown>
    </SpaceBetween>
  );
}
