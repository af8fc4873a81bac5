import { setTimeout as sleep } from 'node:timers/promises';
import type { Product } from './product.ts';

/** Resolves with the milliseconds that it took until `/readyz` said 200. */
export async function untilReady(product: Product, withinMs = 30_000): Promise<number> {
  const startedAtMs = performance.now();
  while (performance.now() - startedAtMs < withinMs) {
    if ((await product.ready().catch(() => 0)) === 200) return performance.now() - startedAtMs;
    await sleep(20);
  }
  throw new Error(`the program is not ready after ${withinMs} ms:\n${product.log().slice(-2000)}`);
}
