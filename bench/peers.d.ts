/**
 * What the contenders use of the peers, so that it can be checked where these are not installed.
 * It says no more than that: their own types are in their packages.
 */

declare module 'zeromq' {
  export const context: { maxSockets: number };
  export interface Sender {
    send(message: Buffer): Promise<void>;
  }
  class Socket {
    readonly lastEndpoint: string | null;
    bind(address: string): Promise<void>;
    connect(address: string): void;
  }
  export class Push extends Socket implements Sender {
    constructor(options: { sendHighWaterMark: number; reconnectInterval: number });
    send(message: Buffer): Promise<void>;
  }
  export class Pull extends Socket {
    constructor(options: { receiveHighWaterMark: number });
    [Symbol.asyncIterator](): AsyncIterator<Buffer[]>;
  }
  export class Dealer extends Socket implements Sender {
    send(message: Buffer): Promise<void>;
    [Symbol.asyncIterator](): AsyncIterator<Buffer[]>;
  }
}

declare module 'ws' {
  interface Options {
    readonly perMessageDeflate: boolean;
    readonly skipUTF8Validation: boolean;
    readonly maxPayload: number;
  }
  export class WebSocket {
    constructor(url: string, options: Options);
    readonly bufferedAmount: number;
    send(message: Buffer, written?: () => void): void;
    on(event: 'message', listener: (message: Buffer) => void): void;
    on(event: 'open', listener: () => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
  }
  export class WebSocketServer {
    constructor(options: Options & { host: string; port: number; backlog: number });
    address(): { port: number };
    on(event: 'connection', listener: (socket: WebSocket) => void): void;
    on(event: 'listening', listener: () => void): void;
  }
}

declare module '@nats-io/transport-node' {
  interface Message {
    readonly data: Uint8Array;
    readonly reply?: string;
    respond(data?: Uint8Array): boolean;
  }
  export interface NatsConnection {
    publish(subject: string, data: Uint8Array, options?: { reply: string }): void;
    request(subject: string, data: Uint8Array, options: { timeout: number }): Promise<Message>;
    subscribe(
      subject: string,
      options: { callback: (error: Error | null, message: Message) => void },
    ): void;
    flush(): Promise<void>;
  }
  export function connect(options: {
    servers: string;
    maxReconnectAttempts: number;
    reconnectTimeWait: number;
    reconnectJitter: number;
    noAsyncTraces: boolean;
  }): Promise<NatsConnection>;
}

declare module '@grpc/grpc-js' {
  export const credentials: { createInsecure(): object };
  export const ServerCredentials: { createInsecure(): object };
  export type Duplex = import('node:stream').Duplex & { sendMetadata(): void };
  export interface GenericClient {
    carry(): Duplex;
    deliver(message: Buffer, done: (error: Error | null) => void): void;
  }
  type Options = Readonly<Record<string, number>>;
  export class Server {
    constructor(options: Options);
    addService(service: object, implementation: object): void;
    bindAsync(
      address: string,
      credentials: object,
      done: (error: Error | null, port: number) => void,
    ): void;
  }
  export function makeGenericClientConstructor(
    service: object,
    name: string,
  ): new (
    address: string,
    credentials: object,
    options: Options,
  ) => GenericClient;
}

declare module 'socket.io' {
  interface Socket {
    on(event: string, listener: (message: Buffer, through?: () => void) => void): void;
    emit(event: string, message: Buffer): void;
  }
  export class Server {
    constructor(http: import('node:http').Server, options: object);
    of(name: string): { on(event: 'connection', listener: (socket: Socket) => void): void };
  }
}

declare module 'socket.io-client' {
  export interface Socket {
    on(event: string, listener: (message: Buffer) => void): void;
    once(event: string, listener: (error?: Error) => void): void;
    emit(event: string, message: Buffer, through?: () => void): void;
  }
  export class Manager {
    constructor(url: string, options: object);
    socket(name: string): Socket;
  }
}

declare module 'aedes' {
  interface Packet {
    readonly payload: Buffer;
  }
  export class Aedes {
    static createBroker(): Promise<Aedes>;
    readonly handle: (socket: import('node:net').Socket) => object;
    subscribe(
      topic: string,
      deliver: (packet: Packet, done: () => void) => void,
      done: () => void,
    ): void;
    publish(packet: Packet & { topic: string; qos: 0 }, done: () => void): void;
  }
}

declare module 'mqtt' {
  export interface MqttClient {
    publish(topic: string, message: Buffer, options: { qos: 0 }, done?: () => void): void;
    publishAsync(topic: string, message: Buffer, options: { qos: 1 }): Promise<unknown>;
    subscribeAsync(topic: string): Promise<unknown>;
    on(event: 'message', listener: (topic: string, payload: Buffer) => void): void;
  }
  export function connectAsync(
    url: string,
    options: { reconnectPeriod: number; protocolVersion: number },
  ): Promise<MqttClient>;
}

declare module 'rsocket-flowable' {
  export interface Subscription {
    request(count: number): void;
    cancel(): void;
  }
  export interface Subscriber<T> {
    onSubscribe(subscription: Subscription): void;
    onNext(value: T): void;
    onError(error: Error): void;
  }
  export class Flowable<T> {
    constructor(source: (subscriber: Subscriber<T>) => void);
    subscribe(subscriber: Subscriber<T>): void;
  }
  export class Single<T> {
    static of<T>(value: T): Single<T>;
    subscribe(subscriber: {
      onComplete: (value: T) => void;
      onError: (error: Error) => void;
    }): void;
  }
}

declare module 'rsocket-core' {
  import type { Flowable, Single } from 'rsocket-flowable';

  export interface Payload {
    readonly data: Buffer;
  }
  export interface Requests {
    requestStream(payload: Payload): Flowable<Payload>;
    requestResponse(payload: Payload): Single<Payload>;
  }
  export type Responder = Partial<Requests>;
  export const BufferEncoders: object;
  export class RSocketClient {
    constructor(config: { setup: object; transport: object; responder: Responder });
    connect(): Single<Requests>;
  }
  export class RSocketServer {
    constructor(config: {
      getRequestHandler: (requests: Requests) => Responder;
      transport: object;
    });
    start(): void;
  }
}

declare module 'rsocket-tcp-client' {
  const library: {
    default: new (
      options: { host: string; port: number; noDelay: boolean },
      encoders: object,
    ) => object;
  };

  // biome-ignore lint/style/noDefaultExport: it is the library's.
  export default library;
}

declare module 'rsocket-tcp-server' {
  type Connected = (socket: import('node:net').Socket) => void;
  const library: {
    default: new (
      options: {
        host: string;
        port: number;
        serverFactory: (onConnect: Connected) => import('node:net').Server;
      },
      encoders: object,
    ) => object;
  };

  // biome-ignore lint/style/noDefaultExport: it is the library's.
  export default library;
}
