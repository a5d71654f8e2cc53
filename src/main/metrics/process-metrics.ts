/** What every process tells, under the names that dashboards for Node expect; unlike the library's own set it can be closed. */
import { readdir } from 'node:fs/promises';
import { PerformanceObserver, constants } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';
import type { EventLoopMonitor } from './event-loop-delay.ts';

export interface ProcessMetrics {
  /** Reads the process; called before each rendering. */
  collect(): Promise<void>;
  close(): void;
}

const gcKinds: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

export function processMetrics(registry: Registry, eventLoop: EventLoopMonitor, startedAt: number): ProcessMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const cpu = new Counter({ name: 'process_cpu_seconds_total', help: 'User and system CPU time', registers });
  gauge('process_start_time_seconds', 'When the engine started, in seconds since the epoch').set(startedAt / 1000);
  const resident = gauge('process_resident_memory_bytes', 'Memory that the process holds');
  const heapTotal = gauge('nodejs_heap_size_total_bytes', 'Size of the JavaScript heap');
  const heapUsed = gauge('nodejs_heap_size_used_bytes', 'Used part of the JavaScript heap');
  const external = gauge('nodejs_external_memory_bytes', 'Memory of buffers and other objects outside of the heap');
  const openFiles = gauge('process_open_fds', 'Open file descriptors; 0 where the system does not tell');
  const lag = {
    meanMs: gauge('nodejs_eventloop_lag_mean_seconds', 'Mean delay of the event loop, last ten seconds'),
    p50Ms: gauge('nodejs_eventloop_lag_p50_seconds', 'Median delay of the event loop, last ten seconds'),
    p90Ms: gauge('nodejs_eventloop_lag_p90_seconds', '90th percentile of the delay of the event loop, last ten seconds'),
    p99Ms: gauge('nodejs_eventloop_lag_p99_seconds', '99th percentile of the delay of the event loop, last ten seconds'),
    maxMs: gauge('nodejs_eventloop_lag_max_seconds', 'Longest delay of the event loop, last ten seconds'),
  };
  const gc = new Histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Pauses for garbage collection',
    labelNames: ['kind'] as const,
    buckets: [0.001, 0.01, 0.1, 1],
    registers,
  });
  const watching = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as { detail?: { kind?: number } }).detail ?? {};
      gc.observe({ kind: gcKinds[kind ?? 0] ?? 'other' }, entry.duration / 1000);
    }
  });
  watching.observe({ entryTypes: ['gc'] });
  return {
    async collect() {
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
      const memory = process.memoryUsage();
      resident.set(memory.rss);
      heapTotal.set(memory.heapTotal);
      heapUsed.set(memory.heapUsed);
      external.set(memory.external);
      const delays = eventLoop.delays();
      for (const [name, of] of Object.entries(lag)) of.set(delays[name as keyof typeof lag] / 1000);
      openFiles.set(await openFileCount());
    },
    close: () => watching.disconnect(),
  };
}

async function openFileCount(): Promise<number> {
  try {
    return (await readdir('/proc/self/fd')).length;
  } catch {
    return 0;
  }
}
