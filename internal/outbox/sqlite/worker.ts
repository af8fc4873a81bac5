// The writer's thread.
import { parentPort } from 'node:worker_threads';
import type { Request } from './protocol.ts';
import { WriterService } from './writer-service.ts';

if (parentPort === null) throw new Error('the writer runs in a worker thread');
serve(parentPort, new WriterService());

function serve(port: NonNullable<typeof parentPort>, service: WriterService): void {
  port.on('message', (request: Request) => {
    port.postMessage(service.answer(request));
    if (request.kind === 'close') port.close();
  });
}
