import type { Input, WebContents } from 'electron';

/** How large a page can be shown: the steps of every browser. */
const steps = [0.5, 0.67, 0.75, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3] as const;

export type Zoom = 'in' | 'out' | 'whole';

/** What keys ask for. Plus is `=` or `;` without Shift, as the keyboard has it. */
export const tryReadZoom = ({
  type,
  control,
  alt,
  meta,
  key,
}: Pick<Input, 'type' | 'control' | 'alt' | 'meta' | 'key'>): Zoom | undefined => {
  if (type !== 'keyDown' || !control || alt || meta) return undefined;
  if (key === '+' || key === '=' || key === ';') return 'in';
  if (key === '-') return 'out';
  return key === '0' ? 'whole' : undefined;
};

/** The step that follows on a factor, which may be none of them by a hair. */
export const stepFrom = (factor: number, zoom: Zoom): number => {
  if (zoom === 'whole') return 1;
  const hair = 0.001;
  const next =
    zoom === 'in' ? steps.find((step) => step > factor + hair) : steps.findLast((step) => step < factor - hair);
  return next ?? factor;
};

/** Ctrl with plus, minus, zero or the wheel, as in a browser: a window without a menu has nothing that would do it. */
export const letZoom = (page: WebContents): void => {
  const go = (zoom: Zoom): void => page.setZoomFactor(stepFrom(page.getZoomFactor(), zoom));
  page.on('before-input-event', (event, input) => {
    const zoom = tryReadZoom(input);
    if (zoom === undefined) return;
    event.preventDefault();
    go(zoom);
  });
  page.on('zoom-changed', (_event, direction) => go(direction));
};
