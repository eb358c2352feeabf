import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RouteName } from '#contract/api/index.ts';
import type { FailureCode } from '#contract/errors.ts';

export interface Metrics {
  /** Prometheus text exposition 0.0.4. */
  show(): Promise<string>;
  readonly contentType: string;
  countResult(call: RouteName, code: 'OK' | FailureCode): void;
  observe(call: string, status: number, seconds: number): void;
}

/**
 * Of the process itself, read when somebody asks. The library's own set of them also watches every collection of garbage,
 * in a callback of the runtime where whatever it throws ends the process.
 */
const addProcess = (registry: Registry): void => {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const gauges: Readonly<Record<string, readonly [help: string, read: () => number]>> = {
    kazasu_process_cpu_seconds_total: [
      'Processor time of user and system',
      () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
    ],
    kazasu_process_resident_memory_bytes: ['Resident memory', () => process.memoryUsage.rss()],
    kazasu_process_start_time_seconds: ['Start of the process since 1970', () => performance.timeOrigin / 1000],
    kazasu_nodejs_heap_size_used_bytes: ['Heap in use', () => process.memoryUsage().heapUsed],
    kazasu_nodejs_eventloop_lag_p99_seconds: [
      'How late the event loop was since the last look, 99th percentile',
      () => {
        const late = delay.percentile(99) / 1e9;
        delay.reset();
        return late;
      },
    ],
  };
  for (const [name, [help, read]] of Object.entries(gauges)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  }
};

export const createMetrics = (streams: () => number): Metrics => {
  const registry = new Registry();
  addProcess(registry);
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
