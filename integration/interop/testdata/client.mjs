// Calls Go services with the TypeScript client and prints what it got as JSON.
import * as clients from "@restatedev/restate-sdk-clients";

const [url, key] = process.argv.slice(2);
const rs = clients.connect({ url });
const payments = { name: "payments" };
const basket = { name: "basket" };
const delivery = { name: "delivery" };

const failure = async (call) => {
  try {
    return { result: await call };
  } catch (e) {
    if (!(e instanceof clients.HttpCallError)) throw e;
    const { code, message, metadata } = JSON.parse(e.responseText);
    return { status: e.status, code, message, metadata };
  }
};

// The client calls every body JSON, also one that is not there, and the server wants
// no content type for a handler in Go that takes no input.
const none = clients.rpc.opts({ input: clients.serde.empty });

const got = {};
got.charge = await rs.serviceClient(payments).chargeCard({ cents: 250 });
got.ping = await rs.serviceClient(payments).ping(none);
got.declined = await failure(rs.serviceClient(payments).chargeCard({ cents: -1 }));
got.malformed = (await failure(rs.serviceClient(payments).chargeCard("no object"))).status;

const cart = rs.objectClient(basket, key);
got.first = await cart.addItem({ sku: "pen", count: 2 });

const once = { idempotencyKey: "once" };
const send = () =>
  rs.objectSendClient(basket, key).addItem({ sku: "ink", count: 3 }, clients.rpc.sendOpts(once));
const [sent, again] = [await send(), await send()];
got.sent = [sent.status, again.status];
got.sameInvocation = sent.invocationId === again.invocationId;
got.sentResult = await rs.result(sent);
got.items = await cart.listItems(none);
await cart.clearAll(none);
got.cleared = await cart.listItems(none);

const flow = rs.workflowClient(delivery, key);
await flow.workflowSubmit("parcel");
await flow.signOff("Ada");
got.delivered = await flow.workflowAttach();

// Without process.exit, open connections would keep the process alive.
process.stdout.write(JSON.stringify(got), () => process.exit(0));
