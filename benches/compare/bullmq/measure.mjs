// What BullMQ does per second: 100 000 jobs that are all due, worked off by a worker that does
// nothing, 50 at a time, in one process. Only the working off is timed, not the adding.
// The Redis is the argument's; what the run puts into it is taken out again. Prints one line of JSON.

import { Queue, Worker } from "bullmq";
import Redis from "ioredis";

const JOBS = 100_000;
const CONCURRENCY = 50;
const CHUNK = 1_000;

const url = process.argv[2];
if (!url) {
  console.error("usage: run redis://127.0.0.1:6379");
  process.exit(2);
}
const connect = () => new Redis(url, { maxRetriesPerRequest: null });
const name = `linli-compare-${process.pid}`;

const queue = new Queue(name, {
  connection: connect(),
  defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
});
for (let n = 0; n < JOBS; n += CHUNK) {
  await queue.addBulk(
    Array.from({ length: CHUNK }, (_, i) => ({ name: "remind", data: { reminder: n + i } })),
  );
}

const worker = new Worker(name, async () => {}, {
  connection: connect(),
  concurrency: CONCURRENCY,
  autorun: false,
});
let done = 0;
const finished = new Promise((resolve, reject) => {
  worker.on("completed", () => ++done === JOBS && resolve());
  worker.on("failed", (_, error) => reject(error));
  worker.on("error", reject);
});
const began = performance.now();
worker.run().catch(() => {});
await finished;
const seconds = (performance.now() - began) / 1000;

await worker.close();
await queue.obliterate({ force: true });
console.log(JSON.stringify({ name: "BullMQ 6.7.0", per_second: Math.round(JOBS / seconds) }));
process.exit(0);
