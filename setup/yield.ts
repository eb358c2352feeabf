import { getPriority, setPriority } from 'node:os';

/** Loaded before a program: it and what it starts take what processors others leave (`setpriority(2)`). */
setPriority(Math.max(getPriority(), 10));
