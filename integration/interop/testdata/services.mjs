// Services written with the TypeScript SDK. Prints its port once it serves.
import * as restate from "@restatedev/restate-sdk";

const rates = restate.service({
  name: "rates",
  handlers: {
    convertAll: async (ctx, { cents, rate }) => ({ cents: cents.map((c) => Math.round(c * rate)) }),
    refuse: async (ctx, reason) => {
      throw new restate.TerminalError(reason, { errorCode: 418, metadata: { from: "js" } });
    },
    // Calls back the Go service that the caller names.
    viaGo: async (ctx, { service, cents }) => ctx.serviceClient({ name: service }).chargeCard({ cents }),
    ping: async () => "pong",
    findReceipt: async () => undefined, // zero bytes
  },
});

const ledger = restate.object({
  name: "ledger",
  handlers: {
    addEntry: async (ctx, amount) => {
      const total = ((await ctx.get("total")) ?? 0) + amount;
      ctx.set("total", total);
      return total;
    },
    readTotal: restate.handlers.object.shared(async (ctx) => (await ctx.get("total")) ?? 0),
    clearAll: async (ctx) => ctx.clearAll(),
  },
});

const signup = restate.workflow({
  name: "signup",
  handlers: {
    run: async (ctx, name) => `${name} ${await ctx.promise("word")}`,
    sayWord: async (ctx, word) => ctx.promise("word").resolve(word),
  },
});

const port = await restate.serve({ services: [rates, ledger, signup], port: 0 });
console.log(`port ${port}`);

// The test holds the other end of stdin: when it is gone, so are we.
process.stdin.on("close", () => process.exit(0)).resume();
