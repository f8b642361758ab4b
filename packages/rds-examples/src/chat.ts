/**
 * npm run chat -- NAME                   with others on this machine
 * npm run chat -- NAME ADDRESS [PEER…]   with other machines: one's own IP address, and somebody's
 *
 * A chat without a server. Everybody is a node, and says hello to each node that it gets connected
 * to; who is no longer connected has left. A line goes to all who are there, with /msg to one.
 */

import { createInterface } from 'node:readline';
import { createNode, RDS_TCP_PORT, type RdsNode, type TcpAddress } from 'rds-tcp';

/** The RDS port where everybody chats. */
const PORT = 4000;
/** Where 16385 is taken: TCP_PORT=20000 npm run chat -- NAME */
const TCP_PORT = Number(process.env.TCP_PORT ?? RDS_TCP_PORT);
const COMMANDS = 'Commands: /msg NAME TEXT, /who, /quit.';

type Message =
  /** Since when its sender has been here, and who else is. */
  | { type: 'hello'; name: string; since: number; others: readonly TcpAddress[] }
  /** `to` somebody or, without it, to all. */
  | { type: 'text'; name: string; to?: string; text: string };

const [name = '', address, ...friends] = process.argv.slice(2);
if (!/^[\p{L}\p{N}_-]{1,20}$/u.test(name)) {
  exit('Say who you are, in up to 20 letters and digits: npm run chat -- NAME');
}
/** On one machine all share an address; their TCP ports tell them apart. */
const seats = address === undefined ? 8 : 1;
const seat = (n: number) => ({ address: address ?? '127.0.0.1', tcpPort: TCP_PORT + n });
const people = new Map<string, TcpAddress>();
const since = performance.timeOrigin + performance.now();
const node = await openNode().catch((error: Error) => exit(error.message));
const socket = node.bind(PORT);
const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
const output = isTerminal ? process.stdout : undefined;
const terminal = createInterface({ input: process.stdin, output, prompt: `${name}> ` });

node.on('connection', (event) => {
  if (event.type === 'up') sayHello(event);
  else if (event.type === 'down') left(event);
});
socket.on('message', ({ data, from }) => {
  const sender = { address: from.address, tcpPort: from.tcpPort ?? node.tcpPort };
  try {
    heard(sender, JSON.parse(new TextDecoder().decode(data)));
  } catch {
    print(`* ${placeOf(sender)} sent something that is no message.`);
  }
});
terminal.on('line', (line) => obey(line.trim()));
terminal.on('close', () => {
  if (isTerminal) console.log();
  process.stdin.destroy();
  void node.close({ deadlineMs: 1000 });
});

print(`You are ${name} at ${placeOf(node)}. ${COMMANDS}`);
print(`Others join with: npm run chat -- NAME${address ? ` ADDRESS ${address}` : ''}`);
for (const friend of friends) reach({ address: friend, tcpPort: TCP_PORT });
for (let n = 0; n < seats; n++) reach(seat(n), 1000);

function sayHello(to: TcpAddress): void {
  send(to, { type: 'hello', name, since, others: [...people.values()] });
}

function heard(from: TcpAddress, message: Message): void {
  if (message.type === 'hello') met(from, message);
  else if (message.to === undefined) print(`${message.name}: ${message.text}`);
  else if (message.to === name) print(`${message.name} (to you): ${message.text}`);
}

function met(from: TcpAddress, hello: Message & { type: 'hello' }): void {
  const wasEarlier = hello.since < since;
  if (hello.name === name && wasEarlier) exit(`Somebody at ${placeOf(from)} is ${name} already.`);
  // Of two with one name the later leaves, as above, before it is worth mentioning.
  if (hello.name === name || people.has(hello.name)) return;
  people.set(hello.name, from);
  print(`* ${hello.name} ${wasEarlier ? 'is here' : 'joined'}.`);
  for (const other of hello.others) reach(other);
}

function left(place: TcpAddress): void {
  for (const [who, whose] of people) {
    if (placeOf(whose) === placeOf(place) && people.delete(who)) print(`* ${who} left.`);
  }
  if (friends.includes(place.address)) reach(place);
}

function obey(line: string): void {
  const [command = '', to = '', ...words] = line.split(' ');
  if (command === '/who') print(['you', ...people.keys()].join(', '));
  else if (command === '/msg') whisper(to, words.join(' '));
  else if (command === '/quit') terminal.close();
  else if (command.startsWith('/')) print(`There is no command ${command}. ${COMMANDS}`);
  else if (line !== '') say(line);
  if (!node.isClosed) terminal.prompt();
}

function say(text: string): void {
  if (people.size === 0) print('Nobody else is here yet.');
  for (const place of people.values()) send(place, { type: 'text', name, text });
}

function whisper(to: string, text: string): void {
  const place = people.get(to);
  if (text === '') print('Whom, and what? /msg NAME TEXT');
  else if (place === undefined) print(`There is no ${to} here; /who tells who is.`);
  else send(place, { type: 'text', name, to, text });
}

function send(to: TcpAddress, message: Message): void {
  const receipt = { until: 'delivered' } as const;
  socket.sendmsg(JSON.stringify(message), { ...to, port: PORT }, receipt).catch((error) => {
    if (message.type !== 'hello') print(`* That may not have arrived. ${error.message}`);
  });
}

/** A ping needs a connection. Once there is one, its events bring the rest about. */
function reach(place: TcpAddress, timeoutMs = Number.POSITIVE_INFINITY): void {
  node.ping(place, { timeoutMs }).catch((error) => {
    if (error.code !== 'ETIMEDOUT') print(`* ${error.message}`);
  });
}

function print(text: string): void {
  if (node.isClosed) return;
  // Nobody's text shall control our terminal.
  const line = text.replaceAll(/\p{Cc}/gu, ' ');
  process.stdout.write(isTerminal ? `\r\x1b[K${line}\n` : `${line}\n`);
  terminal.prompt(true);
}

function placeOf({ address, tcpPort }: TcpAddress): string {
  return `${address}:${tcpPort}`;
}

/** Takes the first seat that is free. */
function openNode(n = 0): Promise<RdsNode> {
  // With the kernel's pauses of up to a second, who comes back is soon noticed.
  return createNode({ ...seat(n), reconnect: 'kernel' }).catch((error) => {
    if (error.code !== 'EADDRINUSE' || n === seats - 1) throw error;
    return openNode(n + 1);
  });
}

function exit(message: string): never {
  console.error(message);
  process.exit(2);
}
