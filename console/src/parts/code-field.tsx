/** A text area for YAML with line numbers that show where something is wrong, and suggestions of fields from the schema. */
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useRef, useState, type KeyboardEvent } from 'react';
import { useSpeech } from '../i18n/language.tsx';
import { fieldsAt, type Schema } from '../schema.ts';

interface Props {
  id: string;
  value: string;
  onChange: (value: string) => void;
  /** Of the document; undefined while it is not there yet. */
  schema: Schema | undefined;
  /** Lines, from 1. */
  wrong: ReadonlySet<number>;
}
const SUGGESTED_MAX = 40;

export function CodeField({ id, value, onChange, schema, wrong }: Props) {
  const { t } = useSpeech();
  const gutter = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  /** Where suggestions were asked for: they may come later than that, with the schema. */
  const [askedAt, setAskedAt] = useState<number>();
  const suggested = askedAt === undefined ? [] : fieldsAt(schema, value, askedAt).slice(0, SUGGESTED_MAX);
  const lines = value.split('\n').length;
  const keyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      setAskedAt(event.currentTarget.selectionStart);
    }
    if (event.key === 'Escape') setAskedAt(undefined);
    if (event.key === 'Enter') {
      // The next line starts where this one did, one step further in after a colon.
      const { selectionStart, selectionEnd } = event.currentTarget;
      const line = value.slice(0, selectionStart).split('\n').at(-1) ?? '';
      const indent = `${/^ */.exec(line)?.[0] ?? ''}${/:\s*$/.test(line) ? '  ' : ''}`;
      event.preventDefault();
      insert(`\n${indent}`, selectionStart, selectionEnd);
    }
  };
  const insert = (text: string, from: number, to: number): void => {
    onChange(value.slice(0, from) + text + value.slice(to));
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(from + text.length, from + text.length);
    });
  };
  /** In the place of the word that was begun. */
  const take = (name: string): void => {
    const to = area.current?.selectionStart ?? value.length;
    const begun = /[\w-]*$/.exec(value.slice(0, to))?.[0] ?? '';
    insert(`${name}: `, to - begun.length, to);
    setAskedAt(undefined);
  };
  return (
    <>
      <div className="editor">
        <div className="gutter" ref={gutter} aria-hidden="true">
          {Array.from({ length: lines }, (_, i) => (
            <div key={i} {...(wrong.has(i + 1) && { className: 'wrong' })}>
              {i + 1}
            </div>
          ))}
        </div>
        <textarea
          id={id}
          ref={area}
          value={value}
          spellCheck={false}
          autoCapitalize="off"
          aria-describedby={`${id}-help`}
          aria-invalid={wrong.size > 0}
          onChange={(event) => {
            setAskedAt(undefined);
            onChange(event.target.value);
          }}
          onKeyDown={keyDown}
          onScroll={(event) => {
            if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
          }}
        />
      </div>
      {suggested.length > 0 && (
        <div role="group" aria-label={t('editor.suggestions')}>
          <SpaceBetween direction="horizontal" size="xs">
            {suggested.map(({ name, about }) => (
              <span key={name} title={about}>
                <Button variant="inline-link" onClick={() => take(name)}>
                  {name}
                </Button>
              </span>
            ))}
          </SpaceBetween>
        </div>
      )}
    </>
  );
}
