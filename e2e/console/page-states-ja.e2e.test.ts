import { walkPages } from './page-states.ts';

walkPages('ja');
