/** Line icons, 16 × 16, in the text's colour. Drawn for Weightroom. */
import type { JSX } from 'preact';

const paths = {
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9zM10.3 10.3L14 14',
  close: 'M4 4l8 8M12 4l-8 8',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3l8 5l-8 5z',
  pin: 'M6 2.5h4M7 2.5v4.2L4.8 9.5h6.4L9 6.7V2.5M8 9.5V14',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  table: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 6.5v6',
  chart: 'M2.5 2.5v11h11M5.5 11V7.5M8.5 11V4.5M11.5 11V9',
  tree: 'M3.5 2.5v10h3M3.5 5.5h3M7.5 4h6v3h-6zM7.5 11h6v3h-6z',
  chevronRight: 'M6 3.5L10.5 8L6 12.5',
  chevronDown: 'M3.5 6L8 10.5L12.5 6',
  chevronUp: 'M3.5 10L8 5.5L12.5 10',
  chevronLeft: 'M10 3.5L5.5 8L10 12.5',
  warning: 'M8 2.2L14.5 13.5h-13zM8 6.2v3.6M8 11.4v.6',
  error: 'M8 1.8a6.2 6.2 0 1 1 0 12.4a6.2 6.2 0 0 1 0-12.4zM5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6',
  info: 'M8 1.8a6.2 6.2 0 1 1 0 12.4a6.2 6.2 0 0 1 0-12.4zM8 7.2v4M8 4.6v.7',
  check: 'M3 8.5l3.5 3.5L13 4.5',
  lock: 'M4 7.5h8v6H4zM5.7 7.5V5.2a2.3 2.3 0 0 1 4.6 0v2.3',
  link: 'M6.5 9.5l3-3M7 4.8l1.6-1.6a2.9 2.9 0 0 1 4.1 4.1L11.2 9M9 11.2l-1.6 1.6a2.9 2.9 0 0 1-4.1-4.1L4.8 7',
  compare: 'M2.5 3.5h4v9h-4zM9.5 3.5h4v9h-4M8 1.5v13',
  load: 'M8 2v7.5M4.8 6.5L8 9.8l3.2-3.3M2.5 10.5v3h11v-3',
  save: 'M8 10V2.5M4.8 5.5L8 2.2l3.2 3.3M2.5 10.5v3h11v-3',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.5 6v-3.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  filter: 'M2 3.5h12L9.5 8.5v4.5l-3-1.5v-3z',
  refresh: 'M13 8a5 5 0 1 1-1.6-3.7M13.2 2.3v2.9h-2.9',
  stop: 'M4 4h8v8H4z',
  square: 'M2.5 2.5h11v11h-11zM8 2.5v11M2.5 8h11',
  tensor: 'M8 1.8l5.5 3v6.4L8 14.2l-5.5-3V4.8zM2.5 4.8L8 7.9l5.5-3.1M8 7.9v6.3',
  folder: 'M2 4h4l1.5 1.8H14V13H2z',
  file: 'M4 1.8h5l3.2 3.2v9.2H4zM9 1.8V5h3.2',
  swap: 'M2.5 5.5h10M9.8 2.8l2.7 2.7l-2.7 2.7M13.5 10.5h-10M6.2 7.8l-2.7 2.7l2.7 2.7',
  asterisk: 'M11 4v7M8 5.8l6 3.4M14 5.8L8 9.2M3 12.5h1.5',
  log: 'M2.5 2v11.5H14M2.5 10h2.5M2.5 7h1.5M2.5 5.3h1.2M4.5 11.5C5.5 6 9 4.2 13.5 4',
  sigma: 'M12 3.5H4l4 4.5l-4 4.5h8',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, label }: { name: IconName; /** Read out; without it the icon is decoration. */ label?: string }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.2" stroke-linejoin="round" stroke-linecap="round"
      {...(label === undefined ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': label })}>
      <path d={paths[name]} />
    </svg>
  );
}
