// CPU and memory of every container, once a second, written from the .proto alone:
//
//     npm install
//     node subscribe.js [target] [batches]        target: 127.0.0.1:8081 or unix:/run/pycadvisor-fast/grpc.sock
"use strict";

const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const PROTO = path.join(__dirname, "..", "..", "proto");

// 64-bit numbers arrive as texts, because a JavaScript number holds 53 bits. A field that is not set stays away:
// absent is not zero.
const definition = loader.loadSync("pycadvisor_fast/v1/service.proto", {
  includeDirs: [PROTO],
  longs: String,
  keepCase: true,
});
const { ContainerStatsService } = grpc.loadPackageDefinition(definition).pycadvisor_fast.v1;

function percent(stats) {
  const rate = stats.cpu_rates?.usage_ns_per_sec;
  return rate === undefined ? "-" : (rate / 1e7).toFixed(1);
}

function mebibytes(stats) {
  const bytes = stats.memory?.usage_bytes;
  return bytes === undefined ? "-" : (Number(bytes) / 2 ** 20).toFixed(1);
}

function show(batch) {
  if (batch.missed_ticks) console.log(`missed ${batch.missed_ticks} batches`);
  for (const container of batch.added ?? []) console.log(`+ ${container.name || container.path}`);
  for (const container of batch.removed ?? []) console.log(`- ${container.handle}`);
  for (const stats of batch.containers ?? []) {
    console.log(`${batch.tick} ${stats.name} cpu=${percent(stats)}% memory=${mebibytes(stats)}MiB`);
  }
}

function main() {
  const [target = "127.0.0.1:8081", batches = "0"] = process.argv.slice(2);
  const client = new ContainerStatsService(target, grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
  });
  const stream = client.StreamStats({ groups: ["cpu", "memory"], interval_ms: 1000, rates: true });
  let left = Number(batches) || Infinity;
  stream.on("data", (batch) => {
    show(batch);
    if (--left === 0) stream.cancel();
  });
  stream.on("error", (error) => {
    if (error.code === grpc.status.CANCELLED) return;
    console.error(`${target}: ${error.details}`);
    process.exitCode = 1;
  });
  stream.on("close", () => client.close());
}

main();
