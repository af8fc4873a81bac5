// The limit of acknowledging: the same HTTP server reading the same bodies, answering 202 and doing nothing.
import express from 'express';

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.raw({ type: () => true, limit: 3 * 1024 * 1024, inflate: false }));
app.use((_request, response) => {
  response.status(202).end();
});

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ msg: 'listening', events: `127.0.0.1:${port}` })}\n`);
});
