// Every call of one official Node client, to the address and with the key that the environment names.
const { CLIENT, HOST, WRITE_KEY } = process.env;

const segment = async () => {
  const { Analytics } = await import("@segment/analytics-node");
  const client = new Analytics({ writeKey: WRITE_KEY, host: HOST, flushAt: 3 });
  const failed = [];
  client.on("error", (error) => failed.push(String(error.code)));
  return { client, failed, close: () => client.closeAndFlush({ timeout: 20000 }) };
};

const rudder = async () => {
  const { default: module } = await import("@rudderstack/rudder-sdk-node");
  const Analytics = module.default ?? module;
  const failed = [];
  const client = new Analytics(WRITE_KEY, {
    dataPlaneUrl: HOST,
    flushAt: 3,
    gzip: process.env.GZIP !== "0",
    errorHandler: (error) => failed.push(String(error.message)),
  });
  const close = async () => {
    // It sends the first message at once, and the others while that is under way or after.
    for (let turn = 0; turn < 10; turn += 1) {
      await new Promise((done) => client.flush(done));
      await new Promise((done) => setTimeout(done, 300));
    }
  };
  return { client, failed, close };
};

const { client, failed, close } = await { segment, rudder }[CLIENT]();
client.identify({ userId: "u-alice", traits: { email: "alice@example.com" } });
client.track({ userId: "u-alice", event: "Order Completed", properties: { revenue: 42.5, currency: "EUR" } });
client.page({ userId: "u-alice", category: "Shop", name: "Home", properties: { url: "https://shop.example.com/" } });
client.screen({ userId: "u-alice", category: "App", name: "Home" });
client.group({ userId: "u-alice", groupId: "g-1", traits: { name: "Example" } });
client.alias({ previousId: "u-old", userId: "u-alice" });
client.track({ anonymousId: "a-1", event: "Viewed", timestamp: new Date(Date.now() - 86400000) });
await close();
console.log(JSON.stringify({ failed }));
process.exit(0);
