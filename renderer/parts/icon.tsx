/** Line icons on a 24-unit square, drawn for this product. They repeat what words beside them say, so they are hidden from screen readers. */
const paths = {
  lock: 'M6 11h12v9H6z M9 11V8a3 3 0 0 1 6 0v3 M12 14.5v2.5',
  unlock: 'M6 11h12v9H6z M9 11V8a3 3 0 0 1 5.8-1 M12 14.5v2.5',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  cross: 'M6.5 6.5l11 11 M17.5 6.5l-11 11',
  alert: 'M12 4L2.8 19.5h18.4z M12 10v4.5 M12 17.2v.3',
  info: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18 M12 11v5.5 M12 7.6v.3',
  offline: 'M7 17.5a4 4 0 0 1-.6-7.9A6 6 0 0 1 17 8.6 M19.6 10.9A3.8 3.8 0 0 1 18 17.5h-6 M4 4l16 16',
  online: 'M7 17.5a4 4 0 0 1-.6-7.9A6 6 0 0 1 18 10a3.8 3.8 0 0 1 0 7.5z',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17 M12 7.5V12l3.2 2',
  phone:
    'M6.2 3.8h3l1.6 4.2-2 1.7a11.5 11.5 0 0 0 5.5 5.5l1.7-2 4.2 1.6v3a2.2 2.2 0 0 1-2.4 2.2A16.4 16.4 0 0 1 4 6.2a2.2 2.2 0 0 1 2.2-2.4z',
  globe: 'M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17 M3.7 12h16.6 M12 3.5c-5 5-5 12 0 17c5-5 5-12 0-17',
  sound: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z M15.5 9a4.2 4.2 0 0 1 0 6 M18 6.5a7.8 7.8 0 0 1 0 11',
  mute: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z M16 9.5l5 5 M21 9.5l-5 5',
  back: 'M9 5.5h11.5v13H9L3 12z M12 9.5l5 5 M17 9.5l-5 5',
  enter: 'M19.5 5.5v7h-14 M9.5 8.5l-4 4 4 4',
  card: 'M3 6h18v12H3z M3 10h18 M6 15h5',
  plug: 'M9 3.5V8 M15 3.5V8 M6.5 8h11v3.5a5.5 5.5 0 0 1-11 0z M12 17v3.5',
  server: 'M4.5 4.5h15v6h-15z M4.5 13.5h15v6h-15z M8 7.5h.2 M8 16.5h.2',
  gear: 'M10.6 5.9 L10.7 3.3 L13.3 3.3 L13.4 5.9 L15.3 6.7 L17.2 4.9 L19.1 6.8 L17.3 8.7 L18.1 10.6 L20.7 10.7 L20.7 13.3 L18.1 13.4 L17.3 15.3 L19.1 17.2 L17.2 19.1 L15.3 17.3 L13.4 18.1 L13.3 20.7 L10.7 20.7 L10.6 18.1 L8.7 17.3 L6.8 19.1 L4.9 17.2 L6.7 15.3 L5.9 13.4 L3.3 13.3 L3.3 10.7 L5.9 10.6 L6.7 8.7 L4.9 6.8 L6.8 4.9 L8.7 6.7z M12 9.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6',
  key: 'M8 8.5a4.5 4.5 0 1 0 4 6.6h3V18h3v-2.9h2.5v-3.2H12a4.5 4.5 0 0 0-4-3.4 M7.8 13h.3',
  book: 'M5 4.5h9a3 3 0 0 1 3 3v12H8a3 3 0 0 1-3-3z M9 9h4.5 M9 12.5h4.5',
  monitor: 'M3.5 5h17v11h-17z M9 20h6 M12 16v4',
  person: 'M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8 M4.5 20.5c.8-4.5 4-6.5 7.5-6.5s6.7 2 7.5 6.5',
  hourglass: 'M6.5 3.5h11 M6.5 20.5h11 M8 3.5c0 5 8 6.5 8 17 M16 3.5c0 5-8 6.5-8 17',
  stop: 'M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17 M6.2 6.2l11.6 11.6',
} as const;

export type IconName = keyof typeof paths;

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
);
