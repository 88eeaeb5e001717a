/** Small charts as SVG: attributes only, so that no inline style is needed, and their figures as text for who does not see them. */
import { useSpeech } from '../i18n/language.tsx';
import { rate } from '../format.ts';

export interface Sample {
  atMs: number;
  value: number;
}
const [WIDTH, HEIGHT] = [600, 150];
/** The next round figure; never 0. */
const niceMax = (value: number): number => {
  const some = Math.max(value, 0.1);
  const step = 10 ** Math.floor(Math.log10(some));
  return Math.ceil(some / step) * step;
};

/** A line of samples over time and, dashed, what is allowed. */
export function RateChart({
  samples,
  limit,
  label,
}: {
  samples: readonly Sample[];
  limit: number | undefined;
  label: string;
}) {
  const { t, language } = useSpeech();
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < 2) return <p>{t('run.rateEmpty')}</p>;
  const peak = Math.max(...samples.map(({ value }) => value));
  // A limit far above what is used would flatten the line to nothing: then it is told as a figure alone.
  const shown = limit !== undefined && limit <= peak * 4 ? limit : undefined;
  const max = niceMax(Math.max(peak, shown ?? 0) * 1.1);
  const x = (atMs: number): number => ((atMs - first.atMs) / Math.max(1, last.atMs - first.atMs)) * WIDTH;
  const y = (value: number): number => HEIGHT - (value / max) * HEIGHT;
  const line = samples.map(({ atMs, value }) => `${x(atMs).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const seconds = Math.round((last.atMs - first.atMs) / 1000);
  return (
    <figure className="figure">
      <svg
        className="chart"
        viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${t('run.rateNow', { rate: rate(last.value, language) })}`}
      >
        <line className="axis" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        <line className="axis" x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
        <polygon className="area" points={`0,${String(HEIGHT)} ${line} ${String(WIDTH)},${String(HEIGHT)}`} />
        <polyline className="line" points={line} />
        {shown !== undefined && <line className="limit" x1="0" x2={WIDTH} y1={y(shown)} y2={y(shown)} />}
      </svg>
      <figcaption className="legend">
        <span>
          {t('run.rateNow', { rate: rate(last.value, language) })} · max {rate(max, language)} · {seconds} s
        </span>
        {limit !== undefined && <span>{t('run.limit', { rate: rate(limit, language) })}</span>}
      </figcaption>
    </figure>
  );
}

/** One bar for each value; the first and the last have their names below. */
export function Bars({ values, label }: { values: readonly { name: string; value: number }[]; label: string }) {
  const max = Math.max(1, ...values.map(({ value }) => value));
  const width = WIDTH / Math.max(1, values.length);
  return (
    <figure className="figure">
      <svg
        className="chart"
        viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        <line className="axis" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        {values.map(({ name, value }, i) => (
          <rect
            key={name}
            x={i * width + width * 0.15}
            width={width * 0.7}
            y={HEIGHT - (value / max) * HEIGHT}
            height={(value / max) * HEIGHT}
          >
            <title>{`${name}: ${String(value)}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption className="ends">
        <span>{values[0]?.name}</span>
        <span>{values.at(-1)?.name}</span>
      </figcaption>
    </figure>
  );
}

/** Parts of a whole in one bar. */
export function PartsBar({ parts, label }: { parts: readonly { name: string; value: number }[]; label: string }) {
  const all = Math.max(
    1,
    parts.reduce((sum, { value }) => sum + value, 0),
  );
  const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, { value }) => sum + value, 0));
  return (
    <svg className="buckets" viewBox={`0 0 ${String(all)} 1`} preserveAspectRatio="none" role="img" aria-label={label}>
      {parts.map(({ name, value }, i) => (
        <rect key={name} className={`b-${name}`} x={starts[i]} width={value} y="0" height="1" />
      ))}
    </svg>
  );
}

export const Dot = ({ name }: { name: string }) => (
  <svg className="dot" viewBox="0 0 10 10" aria-hidden="true">
    <circle className={`b-${name}`} cx="5" cy="5" r="5" />
  </svg>
);
