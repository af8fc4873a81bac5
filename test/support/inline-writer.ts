// A writer in the caller's own thread: for tests, which would else spend their time on starting threads.
import type { Reply } from '../../internal/outbox/sqlite/protocol.ts';
import type { WriterPort } from '../../internal/outbox/sqlite/thread.ts';
import { WriterService } from '../../internal/outbox/sqlite/writer-service.ts';

/** Messages are cloned and answered in a later turn of the event loop, as between threads. */
export function startInline(): WriterPort {
  const service = new WriterService();
  let onReply: ((reply: Reply) => void) | undefined;
  let onEnd: (() => void) | undefined;
  return {
    post: (request) => {
      const message = structuredClone(request);
      setImmediate(() => {
        onReply?.(structuredClone(service.answer(message)));
        if (message.kind === 'close') onEnd?.();
      });
    },
    onReply: (listener) => {
      onReply = listener;
    },
    onEnd: (listener) => {
      onEnd = listener;
    },
    terminate: () => {
      service.answer({ kind: 'close' });
      onEnd?.();
    },
  };
}
