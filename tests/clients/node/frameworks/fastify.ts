// Fastify in TypeScript, started through `tsx`; a loop sleeps between polls.

import { setTimeout as sleep } from "node:timers/promises";
import Fastify, { type FastifyInstance } from "fastify";
import { Copy, POLL_MS, PORT } from "./sync.cjs";

type Shown = [status: number, body: Record<string, unknown>];

const copy = new Copy();
const app: FastifyInstance = Fastify();
app.get("/_cache", async (_request, reply) => {
  const [status, body] = copy.shown as Shown;
  return reply.code(status).send(body);
});

async function main(): Promise<void> {
  await app.listen({ port: PORT, host: "127.0.0.1" });
  for (;;) {
    await copy.poll();
    await sleep(POLL_MS);
  }
}
void main();
