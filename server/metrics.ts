import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RouteName } from '#contract/api/index.ts';
import type { FailureCode } from '#contract/errors.ts';

export interface Metrics {
  /** Prometheus text exposition 0.0.4. */
  show(): Promise<string>;
  readonly contentType: string;
  countResult(call: RouteName, code: 'OK' | FailureCode): void;
  observe(call: string, status: number, seconds: number): void;
}

export const createMetrics = (streams: () => number): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'kazasu_' });
  const results = new Counter({
    name: 'kazasu_calls_total',
    help: 'Calls by name and result code',
    labelNames: ['call', 'code'] as const,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'kazasu_request_seconds',
    help: 'Time from the first byte of a request to the end of its answer',
    labelNames: ['call', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  new Gauge({
    name: 'kazasu_terminal_streams',
    help: 'Terminals whose push stream is open on this process',
    registers: [registry],
    collect() {
      this.set(streams());
    },
  });
  return {
    show: () => registry.metrics(),
    contentType: registry.contentType,
    countResult: (call, code) => results.inc({ call, code }),
    observe: (call, status, took) => seconds.observe({ call, status }, took),
  };
};
