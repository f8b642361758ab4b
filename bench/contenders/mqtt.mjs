// MQTT.js to aedes, a broker in Node. The broker is in the receiving process, which subscribes to
// it directly: the shortest way that MQTT has. QoS 0; a receipt is a publication with QoS 1.
// Several flows are topics of one connection.

import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import { pairsOf } from '../contender.mjs';
import { listening } from '../framing/sockets.mjs';
import { WindowedFlow } from '../windowed-flow.mjs';

/** It waits a second by default; other contenders are told to be quick, too. */
const OPTIONS = { reconnectPeriod: 1, protocolVersion: 4 };
const AT_ONCE = { qos: /** @type {const} */ (0) };
const ACKNOWLEDGED = { qos: /** @type {const} */ (1) };

/** @type {import('../contender.mjs').Contender} */
export const contender = {
  features: ['echo', 'sockets', 'many', 'thousand', 'receipts', 'reconnect'],

  async receive(plan, deliver) {
    const broker = await Aedes.createBroker();
    await new Promise((resolve) => {
      broker.subscribe(
        'messages/#',
        ({ payload }, done) => {
          if (!plan.echo) deliver(payload);
          else broker.publish({ topic: 'answers', payload, ...AT_ONCE }, () => {});
          done();
        },
        () => resolve(undefined),
      );
    });
    const server = createServer({ noDelay: true }, broker.handle);
    return { where: { port: await listening(server) } };
  },

  async send(plan, answered, { port }) {
    const flows = Array.from({ length: pairsOf(plan) }, async (_, pair) => {
      const client = await connectAsync(`mqtt://127.0.0.1:${port}`, OPTIONS);
      if (plan.echo) {
        client.on('message', (_, payload) => answered(payload));
        await client.subscribeAsync('answers');
      }
      return Array.from({ length: plan.sockets }, (_, socket) =>
        flowOf(client, plan, `messages/${pair}/${socket}`),
      );
    });
    return { flows: Promise.all(flows).then((all) => all.flat()), keeps: true };
  },
};

/**
 * @param {import('mqtt').MqttClient} client
 * @param {import('../contender.mjs').Plan} plan
 * @param {string} topic
 * @returns {import('../contender.mjs').Flow}
 */
function flowOf(client, { sizeBytes }, topic) {
  const flow = new WindowedFlow(
    sizeBytes,
    (message) => client.publish(topic, message, AT_ONCE),
    // Called once the connection has taken it.
    (message, through) => client.publish(topic, message, AT_ONCE, () => through()),
  );
  return {
    send: (message) => flow.send(message),
    writable: () => flow.writable(),
    deliver: (message) => client.publishAsync(topic, message, ACKNOWLEDGED),
  };
}
