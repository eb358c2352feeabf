import type { ReactNode } from 'react';

interface FigureTileProps {
  readonly name: string;
  readonly value: ReactNode;
  /** Smaller, behind the value. */
  readonly unit?: string | undefined;
  readonly more?: ReactNode;
  readonly tone?: 'bad' | 'warn' | undefined;
}

/** One number that matters, with what it is and what it is held against. */
export const FigureTile = ({ name, value, unit, more, tone }: FigureTileProps): ReactNode => (
  <div className={`tile${tone === undefined ? '' : ` ${tone}`}`}>
    <dt>{name}</dt>
    <dd>
      <span className="tile-value">
        {value}
        {unit !== undefined && <small> {unit}</small>}
      </span>
      {more !== undefined && <span className="tile-more">{more}</span>}
    </dd>
  </div>
);
